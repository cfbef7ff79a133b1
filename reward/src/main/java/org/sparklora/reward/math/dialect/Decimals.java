package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Percent;
import org.sparklora.reward.math.number.Rational;
import org.sparklora.reward.math.number.Value;

/** Numbers as written, and how closely a decimal approximates a value. */
final class Decimals {
  /** Fewer digits are too coarse to identify a fraction. */
  private static final int MIN_DIGITS = 4;

  private static final int FLOAT_DIGITS = 14;

  /** The most digits that a double is printed with. */
  private static final int MOST_FLOAT_DIGITS = 17;

  private static final BigDecimal HALF_MILLIONTH = new BigDecimal("5e-7");
  private static final BigDecimal TWO_MILLIONTHS = new BigDecimal("2e-6");

  private Decimals() {}

  static Expr withoutPercent(Expr expr) {
    return expr instanceof Percent percent ? percent.arg() : expr;
  }

  static boolean isNumber(Expr expr) {
    Expr bare = withoutPercent(expr);
    return bare instanceof Num || bare instanceof Expr.Infinite;
  }

  static boolean isDecimal(Expr expr) {
    return withoutPercent(expr) instanceof Num num && num.decimal();
  }

  static boolean isWhole(Expr expr) {
    return withoutPercent(expr) instanceof Num num && num.isInteger();
  }

  /**
   * Whether a decimal of four digits or more approximates the value: a fraction that it rounds, but
   * a surd or π only if printed to all digits of a float.
   */
  static boolean approximates(Expr decimal, Value value) {
    if (!(decimal instanceof Num num)
        || !num.decimal()
        || num.digits() < MIN_DIGITS
        || value instanceof Value.Unbounded) {
      return false;
    }
    if (!(value instanceof Value.Exact exact)) {
      return num.digits() >= FLOAT_DIGITS && Value.isReal(value) && sameDigits(num, value);
    }
    if (exact.rational().isInteger()) {
      return false;
    }
    boolean printed =
        num.digits() >= FLOAT_DIGITS
            && num.digits() <= MOST_FLOAT_DIGITS
            && num.value().toDecimal().doubleValue() == exact.rational().toDecimal().doubleValue();
    return printed || isRounded(num, exact.rational().minus(num.value()).abs());
  }

  /** Whether two values agree to six decimals and about as many digits. */
  static boolean nearlySame(Value a, Value b) {
    BigDecimal x = Value.complex(a).re();
    BigDecimal difference =
        a instanceof Value.Exact p && b instanceof Value.Exact q
            ? p.rational().minus(q.rational()).abs().toDecimal()
            : x.subtract(Value.complex(b).re()).abs();
    return difference.compareTo(HALF_MILLIONTH) <= 0
        && difference.compareTo(x.abs().multiply(TWO_MILLIONTHS)) <= 0;
  }

  /** Whether a difference is at most half a unit of the number's last digit. */
  private static boolean isRounded(Num num, Rational difference) {
    int decimals = Math.max(num.value().toDecimal().scale(), 0);
    Rational half = Rational.of(BigDecimal.ONE.scaleByPowerOfTen(-decimals)).times(Rational.HALF);
    return difference.compareTo(half) <= 0;
  }

  /** Whether a number printed to all digits of a float is this value. */
  private static boolean sameDigits(Num num, Value value) {
    if (num.digits() > MOST_FLOAT_DIGITS) {
      BigDecimal difference = Value.complex(value).re().subtract(num.value().toDecimal()).abs();
      return isRounded(num, Rational.of(difference));
    }
    MathContext digits = new MathContext(FLOAT_DIGITS, RoundingMode.HALF_EVEN);
    BigDecimal printed = num.value().toDecimal().round(digits);
    return printed.compareTo(Value.complex(value).re().round(digits)) == 0;
  }

  /** Whether a value is whole and not a float: without decimals, or 0 after cancelling. */
  static boolean isExactWhole(Expr expr, Value value) {
    return value instanceof Value.Exact exact
        && exact.rational().isInteger()
        && (!expr.hasDecimal() || exact.rational().signum() == 0 && !isNumber(expr));
  }

  /** The most digits of any decimal in a term. */
  static int writtenDigits(Expr expr) {
    int own = expr instanceof Num num && num.decimal() ? num.digits() : 0;
    return expr.children().stream().mapToInt(Decimals::writtenDigits).reduce(own, Math::max);
  }
}
