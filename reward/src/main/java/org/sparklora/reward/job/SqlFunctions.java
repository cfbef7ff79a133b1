package org.sparklora.reward.job;

import java.util.Locale;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * Functions for Spark SQL.
 *
 * <pre>
 * math_verify(completion, solution)  1 or 0; null where the solution cannot be parsed or one is null
 * group_advantage(reward, rewards)   how much better a reward is than those of its group, as GRPO has
 *                                    it; 0 where the reward is null
 * </pre>
 *
 * <p>A group comes from a window: {@code group_advantage(reward, collect_list(reward) OVER
 * (PARTITION BY prompt_id))}. Stateless and thread-safe.
 */
public final class SqlFunctions {
  /** Name of the verdict. */
  public static final String MATH_VERIFY = "math_verify";

  /** Name of the advantage. */
  public static final String GROUP_ADVANTAGE = "group_advantage";

  private SqlFunctions() {}

  /** Registers all in a session. */
  public static void register(SparkSession spark, Dialect dialect) {
    spark.udf().register(MATH_VERIFY, mathVerify(dialect));
    spark.udf().register(GROUP_ADVANTAGE, groupAdvantage());
  }

  /**
   * The same for other languages.
   *
   * @param dialect {@code math_verify} or {@code sound}
   */
  public static void register(SparkSession spark, String dialect) {
    register(spark, Dialect.valueOf(dialect.toUpperCase(Locale.ROOT)));
  }

  /** The verdict on a completion. */
  public static UserDefinedFunction mathVerify(Dialect dialect) {
    MathReward reward = MathReward.of(dialect);
    UDF2<String, String, Double> verify =
        (completion, solution) -> {
          if (completion == null || solution == null) {
            return null;
          }
          Judgement judgement = reward.judge(completion, solution);
          return judgement.isJudged() ? judgement.reward() : null;
        };
    return functions.udf(verify, DataTypes.DoubleType).withName(MATH_VERIFY);
  }

  /** The advantage of a reward among those of its group. */
  public static UserDefinedFunction groupAdvantage() {
    // Spark hands arrays over as Scala's, to functions in Java as well
    UDF2<Double, scala.collection.Seq<Double>, Double> advantage =
        (reward, group) -> {
          if (group == null) {
            return null;
          }
          double[] rewards = new double[group.length()];
          int own = -1;
          for (int i = 0; i < rewards.length; i++) {
            Double one = group.apply(i);
            rewards[i] = one == null ? Double.NaN : one;
            own = one != null && one.equals(reward) ? i : own;
          }
          return own < 0 ? 0 : GroupAdvantage.of(rewards, Scaling.GROUP)[own];
        };
    return functions.udf(advantage, DataTypes.DoubleType).withName(GROUP_ADVANTAGE);
  }
}
