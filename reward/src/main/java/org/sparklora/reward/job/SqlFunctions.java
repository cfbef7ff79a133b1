package org.sparklora.reward.job;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/** Functions for Spark SQL. */
public final class SqlFunctions {
  private SqlFunctions() {}

  /**
   * Registers {@code math_verify(completion, solution)}: 1, 0, or null when the solution cannot be
   * parsed or an argument is null.
   */
  public static void register(SparkSession spark, Dialect dialect) {
    MathReward reward = MathReward.of(dialect);
    UDF2<String, String, Double> verify =
        (completion, solution) -> {
          if (completion == null || solution == null) {
            return null;
          }
          Judgement judgement = reward.judge(completion, solution);
          return judgement.isJudged() ? judgement.reward() : null;
        };
    spark.udf().register("math_verify", verify, DataTypes.DoubleType);
  }
}
