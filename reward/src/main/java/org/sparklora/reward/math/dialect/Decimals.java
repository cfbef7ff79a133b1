package org.sparklora.reward.math.dialect;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

  private static final Pattern MIXED =
      Pattern.compile(
          "(?<![0-9.}^_\\\\/])([0-9]+)"
              + "(?:(?:\\s|\\\\[, ]|~)*\\\\frac\\{\\s*([0-9]+)\\s*\\}\\{\\s*([0-9]+)\\s*\\}"
              + "|(?:\\s|\\\\[, ]|~)+([0-9]+)\\s*/\\s*([0-9]+)(?![0-9.]))");

  private static final Pattern REPEATING =
      Pattern.compile(
          "(?<![0-9.])([0-9]*)\\.([0-9]*)"
              + "(?:\\\\(?:overline|bar)\\{|\\\\dot\\{(?=[0-9]\\})|(?<=\\.)\\()([0-9]+)[})](?![0-9])");

  private static final Pattern BASE =
      Pattern.compile(
          "\\(?\\s*(-?[0-9A-F]+)\\s*\\)?(?:_\\{?\\s*\\(?|[\\s~]*(?:\\\\text\\{)?\\s*\\(?base\\s)\\s*(?:\\\\text\\{)?([0-9]+|two|three|four|five|six|seven|eight|nine)[\\s})]*");

  /** A value without variables or words. */
  private static final Pattern CONSTANT =
      Pattern.compile(
          "(?=.*[0-9a-z])(?:[-+0-9.,/^%$(){}\\[\\] ]|(?<![a-z])[ei](?![a-z])|\\\\[,;:!%$ ]"
              + "|\\\\(?:frac|sqrt|pi|infty|cdot|times|pm|circ|log|ln|sin|cos|tan)(?![a-z]))++");

  private Decimals() {}

  /** Whether choices that have one letter can be told apart by their values. */
  static boolean areNumbers(String value, String other) {
    return Stream.of(value, other)
        .map(SoundLatex::of)
        .map(
            text ->
                AnswerUnit.afterNumber(text)
                    .filter(
                        some -> AnswerUnit.isCommon(some.amount(), SoundText.words(some.unit())))
                    .map(AnswerUnit::amount)
                    .orElse(text))
        .allMatch(number -> CONSTANT.matcher(number).matches());
  }

  /** The digits of a number and its base. */
  record Numeral(String digits, int radix) {
    BigInteger value() {
      return new BigInteger(digits, radix);
    }
  }

  /** The number in a base that ends a text: {@code N=1358_{10}=2516_8} if both are equal. */
  static Optional<Numeral> lastNumeral(String text) {
    int sign = text.lastIndexOf('=');
    Optional<Numeral> last = numeral(text.substring(sign + 1));
    Optional<BigInteger> value = last.map(Numeral::value);
    String[] sides = sign < 0 ? new String[0] : text.substring(0, sign).split("=", -1);
    boolean equal =
        Stream.of(sides)
            .map(side -> side.matches("[0-9\\s]+") ? side.strip() + "_{10}" : side)
            .allMatch(
                side ->
                    side.matches("\\s?[a-zA-Z]\\s?")
                        || numeral(side).map(Numeral::value).equals(value));
    return last.filter(any -> equal);
  }

  /** A number in a base that has all its digits: 4 has no D, so {@code D_4} is a name. */
  private static Optional<Numeral> numeral(String text) {
    Matcher number = BASE.matcher(text);
    String written = number.matches() ? number.group(2) : "";
    String base = NumberWords.latex(written).orElse(written);
    // Only 2 to 36 have digits.
    int radix = base.length() > 2 || base.isEmpty() ? 0 : Integer.parseInt(base);
    return number.matches()
            && number.group(1).chars().allMatch(c -> c == '-' || Character.digit(c, radix) >= 0)
        ? Optional.of(new Numeral(number.group(1), radix))
        : Optional.empty();
  }

  /** The LaTeX with mixed numbers as sums, and repeating decimals as fractions. */
  static String inFractions(String latex) {
    String sums = MIXED.matcher(latex).replaceAll(Decimals::mixed);
    return REPEATING.matcher(sums).replaceAll(Decimals::repeating);
  }

  /** {@code 1\frac{2}{11}} is a sum; before an improper fraction the number may be a factor. */
  private static String mixed(MatchResult number) {
    BigInteger above = new BigInteger(number.group(number.group(2) != null ? 2 : 4));
    BigInteger below = new BigInteger(number.group(number.group(3) != null ? 3 : 5));
    return Matcher.quoteReplacement(
        above.compareTo(below) < 0
            ? "(" + number.group(1) + "+\\frac{" + above + "}{" + below + "})"
            : number.group(1) + "\\improper " + above + "/" + below);
  }

  /** {@code 0.1\overline{6}} is (16 − 1) / 90, and {@code 0.(3)} is 3 / 9. */
  private static String repeating(MatchResult number) {
    String once = number.group(1) + number.group(2);
    String again = number.group(3);
    BigInteger all = new BigInteger(once + again);
    BigInteger above = once.isEmpty() ? all : all.subtract(new BigInteger(once));
    String below = "9".repeat(again.length()) + "0".repeat(number.group(2).length());
    return Matcher.quoteReplacement("\\frac{" + above + "}{" + below + "}");
  }

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
