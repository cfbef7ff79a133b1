package org.sparklora.reward.math.dialect;

import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Optional;
import org.sparklora.reward.math.number.PreciseMath;

/**
 * Settings of comparing two parsed answers: Math-Verify's own.
 *
 * @param floatRounding decimals to which rounded values must agree
 * @param numericPrecision digits to which differences of constants are computed; smaller
 *     differences count as zero
 * @param strict whether the names of variables matter
 * @param allowSetRelationComparison whether a relation in the prediction may equal a set in the
 *     solution
 * @param chop whether powers, products and quotients below the precision count as zero, as in
 *     Math-Verify; otherwise constants must be equal
 */
public record VerifyConfig(
    int floatRounding,
    int numericPrecision,
    boolean strict,
    boolean allowSetRelationComparison,
    boolean chop)
    implements Serializable {

  public VerifyConfig {
    require(
        floatRounding >= 0 && floatRounding <= 30,
        "float_rounding",
        floatRounding,
        "0 to 30 decimals; 6 is usual");
    require(
        numericPrecision >= 1 && numericPrecision <= 30,
        "numeric_precision",
        numericPrecision,
        "1 to 30 digits; 15 is usual");
  }

  private static void require(boolean holds, String key, Object value, String remedy) {
    if (!holds) {
      throw new IllegalArgumentException(
          "Cannot use " + key + " = " + value + ": it must be " + remedy);
    }
  }

  /** Math-Verify's settings. */
  public static VerifyConfig defaults() {
    return new VerifyConfig(6, 15, true, false, true);
  }

  /** Differences of floats below this count as zero; empty if decimals are fractions. */
  Optional<BigDecimal> floatZero() {
    return chop ? Optional.of(chopBelow()) : Optional.empty();
  }

  /** Constants below this may count as zero: half of the last bit of the precision. */
  BigDecimal chopBelow() {
    int bits = (int) Math.round((numericPrecision + 1) * 3.3219280948873626) + 1;
    return BigDecimal.ONE.divide(BigDecimal.valueOf(2).pow(bits), PreciseMath.CONTEXT);
  }
}
