package org.sparklora.reward.math;

import java.math.BigDecimal;

/** When two values that were computed to 50 digits count as the same number. */
final class Closeness {
  /** Relative to the larger: 50 digits less what sums may cancel. */
  static final BigDecimal RELATIVE = new BigDecimal("1e-36");

  /** Below this, beside values of ordinary size, a difference is rounding. */
  private static final BigDecimal ABSOLUTE = new BigDecimal("1e-44");

  private Closeness() {}

  static boolean same(Value a, Value b) {
    if (a instanceof Value.Exact && b instanceof Value.Exact
        || a instanceof Value.Unbounded
        || b instanceof Value.Unbounded) {
      return a.equals(b);
    }
    Complex x = Value.complex(a);
    Complex y = Value.complex(b);
    return isSmall(x.minus(y).abs(), x.abs().max(y.abs()));
  }

  /** Whether the values differ by less than an absolute bound. */
  static boolean within(Value a, Value b, BigDecimal bound) {
    if (a instanceof Value.Unbounded || b instanceof Value.Unbounded) {
      return a.equals(b);
    }
    Complex difference = Value.complex(a).minus(Value.complex(b));
    return difference.re().abs().compareTo(bound) < 0 && difference.im().abs().compareTo(bound) < 0;
  }

  private static boolean isSmall(BigDecimal difference, BigDecimal size) {
    return difference.compareTo(size.multiply(RELATIVE)) <= 0
        || size.compareTo(BigDecimal.ONE) < 0 && difference.compareTo(ABSOLUTE) < 0;
  }
}
