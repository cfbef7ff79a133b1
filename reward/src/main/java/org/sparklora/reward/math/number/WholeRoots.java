package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/** Roots of whole numbers, and square roots of decimals computed from these. */
public final class WholeRoots {
  private static final int MAX_BITS = 20_000;

  private WholeRoots() {}

  /** The exact root of a positive number; zero if it is not whole or the number is too long. */
  public static BigInteger exact(BigInteger value, int degree, AlgebraLimit budget) {
    if (value.equals(BigInteger.ONE)) {
      return value;
    }
    if (degree == 2) {
      budget.step(1 + 15 * AlgebraLimit.product(value.bitLength()));
      BigInteger root = floorSqrt(value);
      return root.multiply(root).equals(value) ? root : BigInteger.ZERO;
    }
    if (value.bitLength() > MAX_BITS) {
      return BigInteger.ZERO;
    }
    // Newton's steps descend from above until the next would ascend.
    BigInteger guess = BigInteger.ONE.shiftLeft(value.bitLength() / degree + 1);
    BigInteger below = BigInteger.valueOf(degree - 1L);
    while (true) {
      budget.step(1 + 8 * AlgebraLimit.product(value.bitLength()));
      BigInteger next =
          guess
              .multiply(below)
              .add(value.divide(guess.pow(degree - 1)))
              .divide(BigInteger.valueOf(degree));
      if (next.compareTo(guess) >= 0) {
        return guess.pow(degree).equals(value) ? guess : BigInteger.ZERO;
      }
      guess = next;
    }
  }

  /** The rounded square root of a non-negative number. */
  static BigDecimal sqrt(BigDecimal x, MathContext context) {
    if (x.signum() == 0) {
      return BigDecimal.ZERO;
    }
    // The root of x · 10^(2·scale) has two whole digits more than needed.
    int scale = context.getPrecision() + 2 - Math.floorDiv(x.precision() - x.scale(), 2);
    BigDecimal scaled = x.scaleByPowerOfTen(2 * scale);
    BigInteger whole = scaled.toBigInteger();
    BigInteger root = floorSqrt(whole);
    boolean exact =
        root.multiply(root).equals(whole) && scaled.compareTo(new BigDecimal(whole)) == 0;
    // A further digit marks a truncated root, so that halves are rounded up.
    return exact
        ? new BigDecimal(root, scale).round(context)
        : new BigDecimal(root.multiply(BigInteger.TEN).add(BigInteger.ONE), scale + 1)
            .round(context);
  }

  /**
   * The floor of the square root of a positive number, by Newton's steps that each double the bits:
   * Python's {@code math.isqrt}, whose source has the proof.
   */
  static BigInteger floorSqrt(BigInteger n) {
    int bits = (n.bitLength() - 1) / 2;
    BigInteger root = BigInteger.ONE;
    int before = 0;
    for (int s = 31 - Integer.numberOfLeadingZeros(bits); s >= 0; s--) {
      int now = bits >> s;
      BigInteger top = n.shiftRight(2 * bits - before - now + 1);
      root = root.shiftLeft(now - before - 1).add(top.divide(root));
      before = now;
    }
    return root.multiply(root).compareTo(n) > 0 ? root.subtract(BigInteger.ONE) : root;
  }
}
