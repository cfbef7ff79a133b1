"""Functions for Spark SQL and DataFrames: math_verify, group_advantage and group_advantages."""

from spark_lora.session import session


def register(spark=None, dialect="math_verify"):
    """Registers them in a session.

    `math_verify(completion, solution)`: 1 or 0; null where the solution cannot be parsed, or one of them is null.

    `group_advantage(reward, rewards)`: how much better a reward is than those of its group, in deviations, as GRPO has it:
    `group_advantage(reward, collect_list(reward) OVER (PARTITION BY prompt_id))`. In a session that was opened with
    `spark.sql.extensions=org.sparklora.api.SqlExtensions` also `group_advantage(reward) OVER (PARTITION BY prompt_id)`.

    `group_advantages(rewards)`: the same of a whole group, `group_advantages(collect_list(reward))` with `GROUP BY`.

    Args:
        dialect (`str`): "math_verify" (Math-Verify's verdicts) or "sound" (what a person would say)
    """
    from spark_lora.errors import one_line

    spark = session(spark)
    if dialect not in ("math_verify", "sound"):
        raise ValueError(f"dialect = {dialect!r}: it is math_verify or sound")
    with one_line(spark._jvm):
        spark._jvm.org.sparklora.reward.job.SqlFunctions.register(spark._jsparkSession, dialect)


def math_verify(completion, solution):
    """The verdict on a completion as a column, of columns or their names."""
    from pyspark.sql import functions

    _registered("math_verify")
    return functions.call_udf("math_verify", completion, solution)


def group_advantage(reward, *partition_by):
    """The advantage of each reward in its group as a column: `group_advantage("reward", "prompt_id")`.

    Args:
        reward: a column or its name
        partition_by: columns or their names whose values make a group
    """
    from pyspark.sql import Window, functions

    if not partition_by:
        raise TypeError("group_advantage needs the columns that make a group: group_advantage('reward', 'prompt_id')")
    _registered("group_advantage")
    group = functions.collect_list(reward).over(Window.partitionBy(*partition_by))
    return functions.call_udf("group_advantage", reward, group)


def _registered(name):
    spark = session()
    if not spark.catalog.functionExists(name):
        register(spark)
