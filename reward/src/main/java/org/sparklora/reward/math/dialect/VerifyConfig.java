package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.util.Optional;
import org.sparklora.reward.math.number.PreciseMath;

/**
 * Settings of comparing two parsed answers: Math-Verify's own.
 *
 * @param floatRounding decimals to which rounded values must agree
 * @param chop whether powers, products and quotients below the precision count as zero, as in
 *     Math-Verify; otherwise constants must be equal
 */
public record VerifyConfig(int floatRounding, boolean chop) {

  /** Math-Verify's {@code numeric_precision}: digits to which differences are computed. */
  static final int PRECISION = 15;

  /** Constants below this may count as zero: half of the last bit of the precision. */
  static final BigDecimal CHOP_BELOW =
      BigDecimal.ONE.divide(BigDecimal.valueOf(2).pow(54), PreciseMath.CONTEXT);

  /** Math-Verify's defaults. */
  public static VerifyConfig defaults() {
    return new VerifyConfig(6, true);
  }

  /** Differences of floats below this count as zero; empty if decimals are fractions. */
  Optional<BigDecimal> floatZero() {
    return chop ? Optional.of(CHOP_BELOW) : Optional.empty();
  }
}
