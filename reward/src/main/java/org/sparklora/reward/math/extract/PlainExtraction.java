package org.sparklora.reward.math.extract;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.extract.ExtractionTarget.Match;
import org.sparklora.reward.math.extract.ExtractionTarget.Search;
import org.sparklora.reward.math.number.AlgebraLimit;
import org.sparklora.reward.math.number.Rational;

/** Finds numbers and arithmetic written without LaTeX, at the most reliable places first. */
final class PlainExtraction {
  private static final String NUMBER =
      "(?<!\\d)(?:(?<grouped>-?[1-9]\\d{0,2}(?:[ ,]\\d{3})+)(?<groupedFraction>\\.\\d+)?"
          + "|(?<whole>-?\\d+)(?<wholeFraction>[.,]\\d+)|(?<fraction>\\.\\d+)|(?<integer>-?\\d+))"
          + "(?<percent>\\s*(?:%|[Pp]ercent|\\s*[Pp]ercentage|\\s*[Pp]ct))?";
  private static final String OPERATORS = "+\\-*×/^()÷";
  private static final String CHARACTERS = "[\\d.\\s" + OPERATORS + "]";
  private static final String ARITHMETIC =
      "(?<arithmetic>-?\\(?-?\\d" + CHARACTERS + "*[" + OPERATORS + "]" + CHARACTERS + "+\\)?)";
  private static final String PREFIX = "(?:^|\\s|=)(?:\\*\\*)?";
  private static final String SUFFIX = "(?:\\*\\*)?(?:\\.|,|:|\\s|\\)|\\$|$)";
  private static final String CURRENCY = "[$€£¥₹₽₪₩₫฿₡₢₣₤₥₦₧₨₭₮₯₰₱₲₳₴₵₶₷₸₺₻₼₾₿]?";
  private static final String WHOLE_ARITHMETIC = "(?:" + PREFIX + ARITHMETIC + SUFFIX + ")";
  private static final String WHOLE_NUMBER = "(?:" + PREFIX + CURRENCY + NUMBER + ")";
  private static final String EITHER = "(?:" + WHOLE_ARITHMETIC + "|" + WHOLE_NUMBER + ")";
  private static final String GAP = "(?:.{0,100}=\\s*|.{0,50}?)";

  /** Most characters of a number: longer ones are no answers, and reading is quadratic. */
  private static final int MAX_NUMBER = 8_600;

  private static final Pattern I_HOPE =
      compile("(?i:final answer is):?\\s*" + EITHER + "\\.?\\s?I hope");
  private static final Pattern FINAL_IS = compile("(?i:final answer.{0,100}?)\\s+is:?" + EITHER);
  private static final Pattern COLON = compile("(?i:answer):" + GAP + EITHER + "(?!\\s*=)");
  private static final Pattern ANSWER = compile("(?i:answer)" + GAP + EITHER + "(?!\\s*=)");
  private static final Pattern ANY_ARITHMETIC = compile(WHOLE_ARITHMETIC);
  private static final Pattern ANY_NUMBER = compile(WHOLE_NUMBER);

  private PlainExtraction() {}

  private static Pattern compile(String pattern) {
    String spaces = pattern.replace("\\s", "[\\s\\p{Z}]"); // as in Python
    return Pattern.compile(spaces, Pattern.UNIX_LINES);
  }

  static List<Search> searches(String text, ExtractionTarget.Plain target, AlgebraLimit budget) {
    List<Search> searches = new ArrayList<>();
    searches.add(new Search(0, () -> matches(text, I_HOPE, budget)));
    searches.add(new Search(50, () -> matches(text, FINAL_IS, budget)));
    searches.add(new Search(100, () -> matches(text, COLON, budget)));
    searches.add(new Search(200, () -> matches(text, ANSWER, budget)));
    if (target.withoutAnchor()) {
      searches.add(new Search(300, () -> matches(text, ANY_ARITHMETIC, budget)));
      searches.add(new Search(300, () -> matches(text, ANY_NUMBER, budget)));
    }
    return searches;
  }

  private static List<Match> matches(String text, Pattern pattern, AlgebraLimit budget) {
    List<Match> matches = new ArrayList<>();
    Matcher matcher = pattern.matcher(budget.over(text));
    while (matcher.find()) {
      budget.step();
      Answer answer = answer(matcher, pattern, budget);
      matches.add(new Match(matcher.start(), matcher.end(), () -> answer));
    }
    return matches;
  }

  private static Answer answer(Matcher m, Pattern pattern, AlgebraLimit budget) {
    boolean numbers = pattern != ANY_ARITHMETIC;
    String whole = numbers ? first(m, "grouped", "whole", "integer") : "";
    String fraction = numbers ? first(m, "groupedFraction", "wholeFraction", "fraction") : "";
    if (!whole.isEmpty() || !fraction.isEmpty()) {
      String digits = whole.replace(",", "").replace(" ", "");
      digits = digits.startsWith("-") ? digits : digits.replaceFirst("^0+", "");
      String text = (digits.isEmpty() ? "0" : digits) + fraction.replace(',', '.');
      if (text.length() > MAX_NUMBER) {
        return new Answer(Optional.empty(), List.of(text));
      }
      Expr number = number(text);
      boolean percent = m.group("percent") != null;
      return new Answer(Optional.of(percent ? new Expr.Percent(number) : number), List.of(text));
    }
    if (pattern == ANY_NUMBER) {
      return Answer.NONE;
    }
    String arithmetic = m.group("arithmetic");
    return arithmetic == null || arithmetic.length() > LatexNormalizer.MAX_LENGTH
        ? Answer.NONE
        : new Answer(ArithmeticParser.parse(arithmetic, budget), List.of(arithmetic));
  }

  private static Expr number(String text) {
    BigDecimal value = new BigDecimal(text);
    boolean decimal = text.contains(".");
    return new Expr.Num(Rational.of(value), decimal, decimal ? value.precision() : 0);
  }

  private static String first(Matcher m, String... groups) {
    return Stream.of(groups).map(m::group).filter(Objects::nonNull).findFirst().orElse("");
  }
}
