"""Functions for Spark SQL: math_verify and group_advantage."""

from spark_lora.session import session


def register(spark=None, dialect="math_verify"):
    """Registers them in a session.

    `math_verify(completion, solution)`: 1 or 0; null where the solution cannot be parsed, or one of them is null.

    `group_advantage(reward, rewards)`: how much better a reward is than those of its group, in deviations, as GRPO has it:
    `group_advantage(reward, collect_list(reward) OVER (PARTITION BY prompt_id))`.

    Args:
        dialect (`str`): "math_verify" (Math-Verify's verdicts) or "sound" (what a person would say)
    """
    from spark_lora.errors import one_line

    spark = session(spark)
    with one_line(spark._jvm):
        spark._jvm.org.sparklora.reward.job.SqlFunctions.register(spark._jsparkSession, dialect)
