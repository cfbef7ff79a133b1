package org.sparklora.reward.math.algebra;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;
import org.sparklora.reward.math.algebra.Expr.Num;

/**
 * What becomes of decimals inside a larger constant: like the reference's floats they carry 53
 * bits, so {@code 6.02·10^23} is not the whole number it looks like.
 */
final class DecimalArithmetic {
  /** A difference of floats below this is cut to zero. */
  private static final BigDecimal FLOAT_ZERO = new BigDecimal("1.2e-16");

  private DecimalArithmetic() {}

  static boolean holdsDecimal(Expr expr) {
    return expr instanceof Num num && num.decimal()
        || expr.children().stream().anyMatch(DecimalArithmetic::holdsDecimal);
  }

  /**
   * Whether two constants are equal as floats; empty when no decimal takes part or when decimals
   * are only factors of something irrational, where they are as good as fractions.
   */
  static Optional<Boolean> equal(Expr gold, Expr pred, Budget budget) {
    if (!holdsDecimal(gold) && !holdsDecimal(pred)) {
      return Optional.empty();
    }
    Evaluator.Pair pair = new Evaluator(Map.of(), budget).values(gold, pred);
    Value a = pair.first();
    Value b = pair.second();
    if (a instanceof Value.Exact && b instanceof Value.Exact) {
      return Optional.of(asFloat(gold, budget) == asFloat(pred, budget) && a.equals(b));
    }
    if (!holdsDecimalInPower(pred)) {
      return Optional.empty();
    }
    Value rounded = Value.of(new BigDecimal(asFloat(pred, budget)));
    return Optional.of(Closeness.within(a, rounded, FLOAT_ZERO));
  }

  /** In a prediction such a power is computed at once and keeps no more than its 53 bits. */
  private static boolean holdsDecimalInPower(Expr expr) {
    boolean here = (expr instanceof Expr.Pow || expr instanceof Expr.Call) && holdsDecimal(expr);
    return here || expr.children().stream().anyMatch(DecimalArithmetic::holdsDecimalInPower);
  }

  private static double asFloat(Expr expr, Budget budget) {
    if (!holdsDecimal(expr)) {
      return Value.complex(Evaluator.constant(expr, budget)).re().doubleValue();
    }
    if (expr instanceof Num num) {
      return num.value().toDecimal().doubleValue();
    } else if (expr instanceof Expr.Add add) {
      return add.terms().stream().mapToDouble(t -> asFloat(t, budget)).reduce(0, Double::sum);
    } else if (expr instanceof Expr.Mul mul) {
      return mul.factors().stream().mapToDouble(f -> asFloat(f, budget)).reduce(1, (x, y) -> x * y);
    } else if (expr instanceof Expr.Pow pow) {
      return Math.pow(asFloat(pow.base(), budget), asFloat(pow.exponent(), budget));
    } else if (expr instanceof Expr.Percent percent) {
      return asFloat(percent.arg(), budget) / 100;
    }
    return Value.complex(Evaluator.constant(expr, budget)).re().doubleValue();
  }
}
