package org.sparklora.reward.math;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/**
 * Elementary functions of real numbers to about 50 digits: enough to tell equal values from merely
 * close ones, whatever cancels on the way. Plain series after the usual reductions.
 *
 * <p>Stateless and thread-safe.
 */
final class PreciseMath {
  /** All results are rounded to this. */
  static final MathContext CONTEXT = new MathContext(50, RoundingMode.HALF_EVEN);

  private static final MathContext WIDE = new MathContext(64, RoundingMode.HALF_EVEN);

  static final BigDecimal PI =
      new BigDecimal(
          "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534211706798");
  static final BigDecimal E =
      new BigDecimal(
          "2.71828182845904523536028747135266249775724709369995957496696762772407663035354759");
  static final BigDecimal EULER_GAMMA =
      new BigDecimal(
          "0.57721566490153286060651209008240243104215933593992359880576723488486772677766467");
  private static final BigDecimal LN2 =
      new BigDecimal(
          "0.693147180559945309417232121458176568075500134360255254120680009493393621969694715605863326996418687");
  private static final BigDecimal TWO = BigDecimal.valueOf(2);

  /** Powers beyond e to this are refused: no answer needs them, and a tower of them never ends. */
  private static final BigDecimal MAX_EXPONENT = BigDecimal.valueOf(1_000_000);

  /** Angles beyond this have no digits left after reduction. */
  private static final BigDecimal MAX_ANGLE = new BigDecimal("1e30");

  /** A series stops when a term is this small beside its sum. */
  private static final BigDecimal TINY = new BigDecimal("1e-66");

  private static final int FIXED_BITS = 240;
  private static final BigInteger FIXED_ONE = BigInteger.ONE.shiftLeft(FIXED_BITS);

  /** x⁷ of less than this is beyond all digits of x. */
  private static final BigDecimal SMALL_ANGLE = new BigDecimal("1e-11");

  private PreciseMath() {}

  static BigDecimal sqrt(BigDecimal x) {
    return x.sqrt(WIDE);
  }

  static BigDecimal exp(BigDecimal x) {
    if (x.abs().compareTo(MAX_EXPONENT) > 0) {
      throw new Budget.Exceeded("an exponential of " + x.round(new MathContext(3)));
    }
    // e^x = 2^k · (e^(r/256))^256 with x = k·ln 2 + r.
    int k = x.divide(LN2, WIDE).setScale(0, RoundingMode.HALF_EVEN).intValueExact();
    BigDecimal r = x.subtract(LN2.multiply(BigDecimal.valueOf(k)), WIDE);
    BigInteger small = fixed(r).shiftRight(8);
    BigInteger sum = FIXED_ONE;
    BigInteger term = FIXED_ONE;
    for (int n = 1; term.signum() != 0; n++) {
      term = fixedProduct(term, small).divide(BigInteger.valueOf(n));
      sum = sum.add(term);
    }
    for (int i = 0; i < 8; i++) {
      sum = fixedProduct(sum, sum);
    }
    BigDecimal power = decimal(sum);
    BigDecimal scale = TWO.pow(Math.abs(k), WIDE);
    return k >= 0 ? power.multiply(scale, WIDE) : power.divide(scale, WIDE);
  }

  /** Of a positive number. */
  static BigDecimal ln(BigDecimal x) {
    // x = m · 10^p with m near 1; two cubic Newton steps y += 2(x − e^y)/(x + e^y) from a double.
    int p = x.precision() - x.scale() - 1;
    BigDecimal m = x.scaleByPowerOfTen(-p);
    BigDecimal y = new BigDecimal(Math.log(m.doubleValue()));
    for (int i = 0; i < 2; i++) {
      BigDecimal power = exp(y);
      BigDecimal step = m.subtract(power, WIDE).divide(m.add(power, WIDE), WIDE);
      y = y.add(step.multiply(TWO), WIDE);
    }
    return p == 0 ? y : y.add(LN10.multiply(BigDecimal.valueOf(p)), WIDE);
  }

  private static final BigDecimal LN10 =
      new BigDecimal(
          "2.302585092994045684017991454684364207601101488628772976033327900967572609677352480235997205089598298");

  static BigDecimal sin(BigDecimal x) {
    return sineSeries(reduced(x), true);
  }

  static BigDecimal cos(BigDecimal x) {
    return sineSeries(reduced(x), false);
  }

  /** The angle between −π and π that has the same sine and cosine. */
  private static BigDecimal reduced(BigDecimal x) {
    if (x.abs().compareTo(MAX_ANGLE) > 0) {
      throw new Budget.Exceeded("an angle of " + x.round(new MathContext(3)));
    }
    MathContext wider = new MathContext(96, RoundingMode.HALF_EVEN);
    BigDecimal full = PI.multiply(TWO);
    BigInteger turns = x.divide(full, wider).setScale(0, RoundingMode.HALF_EVEN).toBigInteger();
    return x.subtract(full.multiply(new BigDecimal(turns)), wider).round(WIDE);
  }

  private static BigDecimal sineSeries(BigDecimal x, boolean sine) {
    if (sine && x.abs().compareTo(SMALL_ANGLE) < 0) {
      // Fixed point would lose its digits: x − x³/6 + x⁵/120.
      BigDecimal square = x.multiply(x, WIDE);
      BigDecimal fifth = square.divide(BigDecimal.valueOf(20), WIDE).subtract(BigDecimal.ONE);
      BigDecimal share = square.multiply(fifth, WIDE).divide(BigDecimal.valueOf(6), WIDE);
      return x.add(x.multiply(share, WIDE), WIDE);
    }
    BigInteger angle = fixed(x);
    BigInteger square = fixedProduct(angle, angle).negate();
    BigInteger term = sine ? angle : FIXED_ONE;
    BigInteger sum = term;
    for (int n = sine ? 2 : 1; term.signum() != 0; n += 2) {
      term = fixedProduct(term, square).divide(BigInteger.valueOf((long) n * (n + 1)));
      sum = sum.add(term);
    }
    return decimal(sum);
  }

  /** A number of ordinary size in units of 2⁻²⁴⁰, in which series cost a tenth. */
  private static BigInteger fixed(BigDecimal x) {
    return x.multiply(new BigDecimal(FIXED_ONE)).toBigInteger();
  }

  private static BigInteger fixedProduct(BigInteger a, BigInteger b) {
    BigInteger product = a.multiply(b);
    // A plain shift would leave −1 unit at −1 unit for ever.
    return product.signum() < 0
        ? product.negate().shiftRight(FIXED_BITS).negate()
        : product.shiftRight(FIXED_BITS);
  }

  private static BigDecimal decimal(BigInteger fixed) {
    return new BigDecimal(fixed).divide(new BigDecimal(FIXED_ONE), WIDE);
  }

  static BigDecimal atan(BigDecimal x) {
    if (x.signum() == 0) {
      return BigDecimal.ZERO;
    }
    if (x.signum() < 0) {
      return atan(x.negate()).negate();
    }
    if (x.compareTo(BigDecimal.ONE) > 0) {
      return PI.divide(TWO, WIDE).subtract(atan(BigDecimal.ONE.divide(x, WIDE)), WIDE);
    }
    // atan x = 2·atan(x / (1 + √(1 + x²))), three times, then the series.
    BigDecimal small = x;
    for (int i = 0; i < 3; i++) {
      BigDecimal root = sqrt(BigDecimal.ONE.add(small.multiply(small, WIDE), WIDE));
      small = small.divide(BigDecimal.ONE.add(root, WIDE), WIDE);
    }
    BigDecimal square = small.multiply(small, WIDE).negate();
    BigDecimal power = small;
    BigDecimal sum = small;
    for (int n = 3; power.abs().compareTo(TINY) > 0; n += 2) {
      power = power.multiply(square, WIDE);
      sum = sum.add(power.divide(BigDecimal.valueOf(n), WIDE), WIDE);
    }
    return sum.multiply(BigDecimal.valueOf(8), WIDE);
  }

  /** The angle of the point (x, y), between −π and π. */
  static BigDecimal atan2(BigDecimal y, BigDecimal x) {
    if (x.signum() > 0) {
      return atan(y.divide(x, WIDE));
    }
    if (x.signum() < 0) {
      BigDecimal angle = atan(y.divide(x, WIDE));
      return y.signum() < 0 ? angle.subtract(PI, WIDE) : angle.add(PI, WIDE);
    }
    BigDecimal right = PI.divide(TWO, WIDE);
    return y.signum() < 0 ? right.negate() : right;
  }

  /** The gamma function of a real number that is no pole, by Stirling's series after a shift. */
  static BigDecimal gamma(BigDecimal x) {
    BigDecimal product = BigDecimal.ONE;
    BigDecimal z = x;
    while (z.compareTo(BigDecimal.valueOf(60)) < 0) {
      product = product.multiply(z, WIDE);
      z = z.add(BigDecimal.ONE);
    }
    // ln Γ(z) = (z − ½) ln z − z + ½ ln 2π + Σ B₂ₖ / (2k(2k−1) z^(2k−1))
    BigDecimal sum = z.subtract(new BigDecimal("0.5")).multiply(ln(z), WIDE).subtract(z, WIDE);
    sum = sum.add(ln(PI.multiply(TWO)).divide(TWO, WIDE), WIDE);
    BigDecimal power = z;
    for (int k = 1; k <= BERNOULLI.length; k++) {
      BigDecimal divisor = power.multiply(BigDecimal.valueOf(2L * k * (2L * k - 1)), WIDE);
      sum = sum.add(BERNOULLI[k - 1].divide(divisor, WIDE), WIDE);
      power = power.multiply(z, WIDE).multiply(z, WIDE);
    }
    return exp(sum).divide(product, WIDE);
  }

  /** B₂, B₄, …, B₄₀. */
  private static final BigDecimal[] BERNOULLI = bernoulli(20);

  private static BigDecimal[] bernoulli(int count) {
    // Σ_{j<=m} C(m+1, j) B_j = 0
    Rational[] b = new Rational[2 * count + 1];
    b[0] = Rational.ONE;
    for (int m = 1; m <= 2 * count; m++) {
      Rational sum = Rational.ZERO;
      Rational choose = Rational.ONE;
      for (int j = 0; j < m; j++) {
        sum = sum.plus(choose.times(b[j]));
        choose = choose.times(Rational.of(m + 1L - j, j + 1L));
      }
      b[m] = sum.negate().dividedBy(Rational.of(m + 1L));
    }
    BigDecimal[] even = new BigDecimal[count];
    for (int k = 1; k <= count; k++) {
      Rational value = b[2 * k];
      even[k - 1] =
          new BigDecimal(value.numerator()).divide(new BigDecimal(value.denominator()), WIDE);
    }
    return even;
  }
}
