package org.sparklora.api;

import java.util.List;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.RowFrame$;
import org.apache.spark.sql.catalyst.expressions.SpecifiedWindowFrame;
import org.apache.spark.sql.catalyst.expressions.UnboundedFollowing$;
import org.apache.spark.sql.catalyst.expressions.UnboundedPreceding$;
import org.apache.spark.sql.catalyst.expressions.UnspecifiedFrame$;
import org.apache.spark.sql.catalyst.expressions.WindowExpression;
import org.apache.spark.sql.catalyst.expressions.WindowFrame;
import org.apache.spark.sql.catalyst.expressions.WindowSpecDefinition;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.reward.job.SqlFunctions;

/**
 * {@code group_advantage(reward)}, valid only before {@code OVER (PARTITION BY …)}: a window
 * function of Spark sees its frame or its row, and the advantage needs both. So {@link Resolution}
 * replaces the expression by {@code group_advantage(reward, collect_list(reward) OVER …)}; without
 * {@code OVER} it stays, and fails its type check. Immutable.
 */
final class WindowedAdvantage extends Expression {
  private static final long serialVersionUID = 1L;

  private static final SpecifiedWindowFrame WHOLE =
      new SpecifiedWindowFrame(
          RowFrame$.MODULE$, UnboundedPreceding$.MODULE$, UnboundedFollowing$.MODULE$);

  private final Expression reward;

  WindowedAdvantage(Expression reward) {
    this.reward = reward;
  }

  @Override
  public scala.collection.Seq<Expression> children() {
    return scala.collection.JavaConverters.asScalaBuffer(List.of(reward)).toList();
  }

  @Override
  public Expression withNewChildrenInternal(scala.collection.IndexedSeq<Expression> others) {
    return new WindowedAdvantage(others.apply(0));
  }

  /** The name in Spark's messages. */
  @Override
  public String prettyName() {
    return SqlFunctions.GROUP_ADVANTAGE;
  }

  @Override
  public boolean nullable() {
    return false;
  }

  @Override
  public DataType dataType() {
    return DataTypes.DoubleType;
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    return new TypeCheckResult.TypeCheckFailure(
        "group_advantage(reward) needs its group: write OVER (PARTITION BY …) behind it, without"
            + " ORDER BY and ROWS, or give the rewards of the group as its second argument");
  }

  @Override
  public Object eval(InternalRow row) {
    throw new UnsupportedOperationException("Another expression takes its place before");
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    throw new UnsupportedOperationException("Another expression takes its place before");
  }

  @Override
  public int productArity() {
    return 1;
  }

  @Override
  public Object productElement(int n) {
    return reward;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof WindowedAdvantage;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof WindowedAdvantage same && reward.equals(same.reward);
  }

  @Override
  public int hashCode() {
    return reward.hashCode();
  }

  /** The analyzer's rule that replaces the expression. */
  static final class Resolution extends Rule<LogicalPlan> {
    private final SqlFunctions.Builder advantage;

    /**
     * @param advantage builds the advantage of a reward and an array of its group's rewards
     */
    Resolution(SqlFunctions.Builder advantage) {
      this.advantage = advantage;
    }

    @Override
    public LogicalPlan apply(LogicalPlan plan) {
      return plan.resolveExpressions(
          new scala.runtime.AbstractPartialFunction<Expression, Expression>() {
            @Override
            public boolean isDefinedAt(Expression expression) {
              return expression instanceof WindowExpression window
                  && window.windowFunction() instanceof WindowedAdvantage
                  && isWhole(window.windowSpec());
            }

            @Override
            public Expression apply(Expression expression) {
              return resolved((WindowExpression) expression);
            }
          });
    }

    /** Whether the window is its whole partition, without an order of rows. */
    private static boolean isWhole(WindowSpecDefinition window) {
      WindowFrame frame = window.frameSpecification();
      return window.orderSpec().isEmpty()
          && (frame == UnspecifiedFrame$.MODULE$ || frame.equals(WHOLE));
    }

    private Expression resolved(WindowExpression window) {
      Column reward = new Column(((WindowedAdvantage) window.windowFunction()).reward);
      Expression group =
          new WindowExpression(functions.collect_list(reward).expr(), window.windowSpec());
      return advantage.call(List.of(reward, new Column(group))).expr();
    }
  }
}
