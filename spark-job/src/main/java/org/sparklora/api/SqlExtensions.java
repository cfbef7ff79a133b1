package org.sparklora.api;

import java.util.stream.IntStream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.sparklora.reward.job.SqlFunctions;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * Brings {@link SqlFunctions} to every session of an application: {@code
 * spark.sql.extensions=org.sparklora.api.SqlExtensions}.
 */
// Spark's interface for extensions is one of Scala's
public final class SqlExtensions
    implements scala.Function1<SparkSessionExtensions, scala.runtime.BoxedUnit> {

  @Override
  public scala.runtime.BoxedUnit apply(SparkSessionExtensions session) {
    inject(session, SqlFunctions.MATH_VERIFY, SqlFunctions.mathVerify(Dialect.MATH_VERIFY));
    inject(session, SqlFunctions.GROUP_ADVANTAGE, SqlFunctions.groupAdvantage());
    return scala.runtime.BoxedUnit.UNIT;
  }

  private static void inject(
      SparkSessionExtensions session, String name, UserDefinedFunction function) {
    session.injectFunction(
        new scala.Tuple3<>(
            new FunctionIdentifier(name),
            new ExpressionInfo(SqlFunctions.class.getName(), name),
            arguments -> call(function, arguments)));
  }

  private static Expression call(
      UserDefinedFunction function, scala.collection.Seq<Expression> arguments) {
    Column[] columns =
        IntStream.range(0, arguments.length())
            .mapToObj(i -> new Column(arguments.apply(i)))
            .toArray(Column[]::new);
    return function.apply(columns).expr();
  }
}
