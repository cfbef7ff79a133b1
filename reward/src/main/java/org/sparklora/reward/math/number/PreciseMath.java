package org.sparklora.reward.math.number;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Elementary functions of real numbers to a given number of digits: 50 for ordinary values, more
 * for values that span more. Series after the usual reductions.
 *
 * <p>Immutable and thread-safe.
 */
public final class PreciseMath {
  private static final int GUARD_DIGITS = 14;

  /** Enough digits to distinguish equal values of ordinary size from merely close ones. */
  static final int ORDINARY_DIGITS = 50;

  public static final PreciseMath ORDINARY = new PreciseMath(ORDINARY_DIGITS);

  /** Rounding of results to the ordinary digits. */
  public static final MathContext CONTEXT = ORDINARY.context;

  /** Series of more digits take longer than a verdict may. */
  private static final int MAX_SERIES_DIGITS = 5_000;

  private static final int MAX_GAMMA_DIGITS = 2_000;

  /** Steps of a series to the ordinary digits. */
  private static final double STEPS_OF_SERIES = 10;

  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** Powers beyond e to this are refused: no answer needs these, and towers never end. */
  private static final BigDecimal MAX_EXPONENT = BigDecimal.valueOf(1_000_000);

  /** Digits that an angle must keep after reduction. */
  private static final int ANGLE_DIGITS = 20;

  private final int digits;
  private final MathContext context;
  private final MathContext inner;
  private final MathContext wide;

  private final PowerSeries series;

  private PreciseMath(int digits) {
    this.digits = digits;
    this.context = new MathContext(digits, RoundingMode.HALF_EVEN);
    this.inner = new MathContext(digits + 10);
    this.wide = new MathContext(digits + GUARD_DIGITS, RoundingMode.HALF_EVEN);
    this.series = PowerSeries.ofDecimals(digits + GUARD_DIGITS);
  }

  /** Functions to this many digits, or to the ordinary digits if these are more. */
  public static PreciseMath of(int digits) {
    return digits <= ORDINARY_DIGITS ? ORDINARY : new PreciseMath(digits);
  }

  public int digits() {
    return digits;
  }

  public MathContext context() {
    return context;
  }

  /** Rounding of intermediate sums and products. */
  MathContext inner() {
    return inner;
  }

  /** The less precise of the two: a value computed from both is no better. */
  PreciseMath least(PreciseMath other) {
    return digits <= other.digits ? this : other;
  }

  /** The steps of a sum, product or quotient of two numbers, with its rounding. */
  public long operation() {
    return 1 + 5 * AlgebraLimit.product(series.bits());
  }

  /** The steps of a square root. */
  public long root() {
    return 4 + 15 * AlgebraLimit.product(series.bits());
  }

  /** The steps of an exponential: its series has as many terms as a root of the digits. */
  public long exponential() {
    return series(Math.sqrt((double) digits / ORDINARY_DIGITS));
  }

  /** The steps of a logarithm, which is computed by exponentials. */
  public long logarithm() {
    return 3 * exponential();
  }

  /** The steps of a sine or an angle: their series have as many terms as there are digits. */
  public long angle() {
    return series((double) digits / ORDINARY_DIGITS);
  }

  /** The steps of a series with {@code length} times the terms of one to the ordinary digits. */
  private long series(double length) {
    return digits > MAX_SERIES_DIGITS
        ? 1 // it will be refused
        : (long) (STEPS_OF_SERIES * length * (1 + AlgebraLimit.product(series.bits())))
            + constant();
  }

  /** The steps of π and of the logarithms of 2 and 10, even if cached. */
  public long constant() {
    return 1 + (long) digits * digits / 1_300;
  }

  /** The steps of Euler's constant. */
  public long constantGamma() {
    return 1 + (long) digits * digits / 80;
  }

  public BigDecimal pi() {
    return PreciseConstants.PI.to(wide.getPrecision());
  }

  public BigDecimal e() {
    return PreciseConstants.E.to(wide.getPrecision());
  }

  /** Throws {@link Value.None} for more digits than a verdict has time for. */
  public BigDecimal eulerGamma() {
    refuseBeyond(MAX_GAMMA_DIGITS);
    return PreciseConstants.EULER_GAMMA.to(wide.getPrecision());
  }

  private void refuseBeyond(int most) {
    if (digits > most) {
      throw new Value.None("a series to " + digits + " digits");
    }
  }

  /**
   * A quotient, possibly with trailing zeros: {@link BigDecimal#divide(BigDecimal, MathContext)}
   * removes these one by one from an exact quotient, in quadratic time.
   */
  static BigDecimal quotient(BigDecimal a, BigDecimal b, MathContext context) {
    int exponent = a.precision() - a.scale() - b.precision() + b.scale();
    int scale = context.getPrecision() + 2 - exponent;
    return a.divide(b, scale, RoundingMode.HALF_EVEN).round(context);
  }

  /** The square root of a non-negative number. */
  BigDecimal sqrt(BigDecimal x) {
    return WholeRoots.sqrt(x, wide);
  }

  public BigDecimal exp(BigDecimal x) {
    if (x.abs().compareTo(MAX_EXPONENT) > 0) {
      throw new AlgebraLimit.Exceeded("an exponential of " + x.round(new MathContext(3)));
    }
    refuseBeyond(MAX_SERIES_DIGITS);
    // e^x = 2^k · e^r with x = k·ln 2 + r.
    BigDecimal ln2 = PreciseConstants.LN2.to(wide.getPrecision());
    int k = x.divide(ln2, wide).setScale(0, RoundingMode.HALF_EVEN).intValueExact();
    BigDecimal r = x.subtract(ln2.multiply(BigDecimal.valueOf(k)), wide);
    BigDecimal power = series.exp(r, wide);
    BigDecimal scale = TWO.pow(Math.abs(k), wide);
    return k >= 0 ? power.multiply(scale, wide) : power.divide(scale, wide);
  }

  /** The natural logarithm of a positive number. */
  BigDecimal ln(BigDecimal x) {
    // x = m · 10^p with m near 1.
    int p = x.precision() - x.scale() - 1;
    BigDecimal y = lnOfMantissa(x.scaleByPowerOfTen(-p));
    return p == 0
        ? y
        : y.add(
            PreciseConstants.LN10.to(wide.getPrecision()).multiply(BigDecimal.valueOf(p)), wide);
  }

  /** Cubic Newton steps y += 2(m − e^y)/(m + e^y), from a double or from a third of the digits. */
  private BigDecimal lnOfMantissa(BigDecimal m) {
    boolean ordinary = digits == ORDINARY_DIGITS;
    BigDecimal y =
        ordinary
            ? new BigDecimal(StrictMath.log(m.doubleValue()))
            : of(digits / 3 + GUARD_DIGITS).lnOfMantissa(m);
    for (int i = 0; i < (ordinary ? 2 : 1); i++) {
      BigDecimal power = exp(y);
      BigDecimal step = m.subtract(power, wide).divide(m.add(power, wide), wide);
      y = y.add(step.multiply(TWO), wide);
    }
    return y;
  }

  BigDecimal sin(BigDecimal x) {
    return series.sine(reduced(x), true, wide);
  }

  BigDecimal cos(BigDecimal x) {
    return series.sine(reduced(x), false, wide);
  }

  /** The angle between −π and π with the same sine and cosine. */
  private BigDecimal reduced(BigDecimal x) {
    refuseBeyond(MAX_SERIES_DIGITS);
    int length = Math.max(0, x.precision() - x.scale());
    if (length > digits - ANGLE_DIGITS) {
      throw new Value.None("an angle of " + length + " digits");
    }
    MathContext wider = new MathContext(wide.getPrecision() + length, RoundingMode.HALF_EVEN);
    BigDecimal full = PreciseConstants.PI.to(wider.getPrecision()).multiply(TWO);
    BigInteger turns = x.divide(full, wider).setScale(0, RoundingMode.HALF_EVEN).toBigInteger();
    return x.subtract(full.multiply(new BigDecimal(turns)), wider).round(wide);
  }

  BigDecimal atan(BigDecimal x) {
    refuseBeyond(MAX_SERIES_DIGITS);
    if (x.signum() == 0) {
      return BigDecimal.ZERO;
    }
    if (x.signum() < 0) {
      return atan(x.negate()).negate();
    }
    if (x.compareTo(BigDecimal.ONE) > 0) {
      return pi().divide(TWO, wide).subtract(atan(BigDecimal.ONE.divide(x, wide)), wide);
    }
    // atan x = 2·atan(x / (1 + √(1 + x²))), three times, then the series.
    BigDecimal small = x;
    for (int i = 0; i < 3; i++) {
      BigDecimal root = sqrt(BigDecimal.ONE.add(small.multiply(small, wide), wide));
      small = small.divide(BigDecimal.ONE.add(root, wide), wide);
    }
    return series.inverseTangent(small, wide).multiply(BigDecimal.valueOf(8), wide);
  }

  /** The angle of the point (x, y), between −π and π. */
  BigDecimal atan2(BigDecimal y, BigDecimal x) {
    if (x.signum() > 0) {
      return atan(y.divide(x, wide));
    }
    if (x.signum() < 0) {
      BigDecimal angle = atan(y.divide(x, wide));
      return y.signum() < 0 ? angle.subtract(pi(), wide) : angle.add(pi(), wide);
    }
    BigDecimal right = pi().divide(TWO, wide);
    return y.signum() < 0 ? right.negate() : right;
  }

  /**
   * The gamma function of a real number that is not a pole, by Stirling's series after a shift;
   * throws {@link Value.None} for more than the ordinary digits, which the series does not reach.
   */
  public BigDecimal gamma(BigDecimal x) {
    if (digits > ORDINARY_DIGITS) {
      throw new Value.None("a gamma function to " + digits + " digits");
    }
    BigDecimal product = BigDecimal.ONE;
    BigDecimal z = x;
    while (z.compareTo(BigDecimal.valueOf(60)) < 0) {
      product = product.multiply(z, wide);
      z = z.add(BigDecimal.ONE);
    }
    // ln Γ(z) = (z − ½) ln z − z + ½ ln 2π + Σ B₂ₖ / (2k(2k−1) z^(2k−1))
    BigDecimal sum = z.subtract(new BigDecimal("0.5")).multiply(ln(z), wide).subtract(z, wide);
    sum = sum.add(ln(pi().multiply(TWO)).divide(TWO, wide), wide);
    BigDecimal power = z;
    for (int k = 1; k <= BERNOULLI.length; k++) {
      BigDecimal divisor = power.multiply(BigDecimal.valueOf(2L * k * (2L * k - 1)), wide);
      String[] parts = BERNOULLI[k - 1].split("/");
      BigDecimal number = quotient(new BigDecimal(parts[0]), new BigDecimal(parts[1]), wide);
      sum = sum.add(number.divide(divisor, wide), wide);
      power = power.multiply(z, wide).multiply(z, wide);
    }
    return exp(sum).divide(product, wide);
  }

  /** Bernoulli's numbers B₂, B₄, …, B₄₀. */
  private static final String[] BERNOULLI =
      ("1/6 -1/30 1/42 -1/30 5/66 -691/2730 7/6 -3617/510 43867/798 -174611/330 854513/138"
              + " -236364091/2730 8553103/6 -23749461029/870 8615841276005/14322 -7709321041217/510"
              + " 2577687858367/6 -26315271553053477373/1919190 2929993913841559/6"
              + " -261082718496449122051/13530")
          .split(" ");
}
