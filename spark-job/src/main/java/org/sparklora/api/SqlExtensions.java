package org.sparklora.api;

import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.sparklora.reward.job.SqlFunctions;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * Registers {@link SqlFunctions} in every session of an application: {@code
 * spark.sql.extensions=org.sparklora.api.SqlExtensions}. It also makes {@code
 * group_advantage(reward)} a window function: {@code group_advantage(reward) OVER (PARTITION BY
 * prompt_id)}.
 */
// Spark's interface for extensions is a Scala function
public final class SqlExtensions
    implements scala.Function1<SparkSessionExtensions, scala.runtime.BoxedUnit> {

  @Override
  public scala.runtime.BoxedUnit apply(SparkSessionExtensions session) {
    Map<String, SqlFunctions.Builder> functions =
        new TreeMap<>(SqlFunctions.all(Dialect.MATH_VERIFY));
    SqlFunctions.Builder plain = functions.get(SqlFunctions.GROUP_ADVANTAGE);
    functions.put(
        SqlFunctions.GROUP_ADVANTAGE,
        arguments ->
            arguments.size() == 1
                ? new Column(new WindowedAdvantage(arguments.get(0).expr()))
                : plain.call(arguments));
    functions.forEach(
        (name, builder) ->
            session.injectFunction(
                new scala.Tuple3<>(
                    new FunctionIdentifier(name),
                    new ExpressionInfo(SqlFunctions.class.getName(), name),
                    builder::build)));
    session.injectResolutionRule(of -> new WindowedAdvantage.Resolution(plain));
    return scala.runtime.BoxedUnit.UNIT;
  }
}
