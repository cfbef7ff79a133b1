package org.sparklora.reward.math.extract;

import java.util.Arrays;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Cleans LaTeX before it is parsed, in Math-Verify's order: boxes, commands, units, nits,
 * operators. Answers that cannot be parsed are compared by their cleaned text.
 *
 * <p>Stateless and thread-safe.
 */
public final class LatexNormalizer {
  /** Longer texts are not answers; Math-Verify times out on them. */
  static final int MAX_LENGTH = 20_000;

  private static final Pattern LEFT =
      Pattern.compile(
          "\\\\m?left(\\\\\\{|\\{|\\\\\\||\\||\\[|\\(|\\\\(?:rbracl|lgroup|lbrace|lbrack|vert|lvert|lceil|lfloor|langle"
              + "|llcorner|ulcorner))");
  private static final Pattern RIGHT =
      Pattern.compile(
          "\\\\m?right(\\\\\\}|\\}|\\\\\\||\\||\\]|\\)|\\\\(?:rbrack|rgroup|rbrace|vert|rvert|rceil|rfloor|rangle"
              + "|lrcorner|urcorner))");
  private static final Pattern FALLING_FACTORIAL =
      Pattern.compile("\\(([a-zA-Z0-9+\\-*/\\\\ ]+?)\\)_\\{([a-zA-Z0-9+\\-*/\\\\ ]+?)\\}");
  private static final Pattern REMOVED =
      Pattern.compile(
          "\\\\mathrm\\{th\\}|\\\\!\\s*|\\\\text\\s*\\{\\s*\\}|\\\\\\$|\\$|(?<!\\\\)[\"']|\\\\displaystyle");
  private static final Pattern DOUBLED_BACKSLASH = Pattern.compile("\\\\\\\\(?=[a-zA-Z])");
  private static final Pattern LONG_SPACE = Pattern.compile("\\s{64,}");

  /**
   * Applied in one pass from the left: the first pattern that fits; results are not matched again.
   */
  private static final String[][] REPLACEMENTS = {
    {"\\\\math(?:rm|it|bf)", "\\text"},
    {"\\\\text(?:normal|bf|it|rm)", "\\text"},
    {"\\\\(?:d|t|c)frac", "\\frac"},
    {"\\s\\.", " 0."},
    {"\\{\\.", "{0."},
    {"~=", "\\approx"},
    {"\\s*\\{\\s*,\\s*\\}", ","},
    {"(?<![a-zA-Z]),?\\s*(?:and|or)(?![a-zA-Z])", ","},
    {",?\\s*\\\\text\\{\\s*(?:and|or)\\s*\\}", ","},
    {"(?<!\\\\)\\\\\\s", " "},
    {"infinity", "\\infty"},
    {",?\\\\ldots", " "},
    {"\\s*\\bpercentage\\b", "\\%"},
    {"\\\\text\\{percentage\\}", "%"},
    {"\\s*\\bpercent\\b", "\\%"},
    {"\\\\text\\{percent\\}", "%"},
    {"\\s*\\bpct\\b", "\\%"},
    {"\\\\text\\{pct\\}", "%"},
    {"(?<!\\\\)inf(?!inity)", "\\infty"},
    {" sqrt", "\\sqrt"},
  };

  private static final Pattern ALTERNATION =
      Pattern.compile(
          Arrays.stream(REPLACEMENTS).map(r -> "(" + r[0] + ")").collect(Collectors.joining("|")));

  private static final String[] OPERATORS = {
    "\\^\\s?\\((.*?)\\)", "^{$1}",
    "sqrt\\s?\\((.*?)\\)", "\\\\sqrt{$1}",
    "\\\\frac\\s?(\\d)\\s?(\\d+)", "\\\\frac{$1}{$2}",
    "\\\\log_\\s?(\\d)\\s?(\\d+)", "\\\\log_{$1}{$2}",
    "\\\\frac\\s?\\{(.*?)\\}\\s?(\\d)", "\\\\frac{$1}{$2}",
    "\\\\frac\\s?(\\d)\\s?\\{(.*?)\\}", "\\\\frac{$1}{$2}",
    "\\\\sqrt\\s?(\\d)", "\\\\sqrt{$1}",
  };

  private static final Pattern[] OPERATOR_PATTERNS = new Pattern[OPERATORS.length / 2];

  static {
    for (int i = 0; i < OPERATOR_PATTERNS.length; i++) {
      OPERATOR_PATTERNS[i] = Pattern.compile(OPERATORS[2 * i], Pattern.UNIX_LINES);
    }
  }

  private static final Pattern WHOLE_FRACTION = Pattern.compile("(0|-?[1-9]\\d*)/(0|-?[1-9]\\d*)");

  private LatexNormalizer() {}

  /** Throws {@link AlgebraLimit.Exceeded} for a text that is too long, or takes too many steps. */
  public static String normalize(
      String text, ExtractionTarget.Normalization how, AlgebraLimit budget) {
    if (text.length() > MAX_LENGTH) {
      throw new AlgebraLimit.Exceeded("an answer of " + text.length() + " characters");
    }
    String result = text;
    if (how.boxed() != ExtractionTarget.Boxed.NONE) {
      result = BoxedAnswer.extract(result, how.boxed());
    }
    if (how.basicLatex()) {
      result = basic(result, budget);
    }
    if (how.units()) {
      result = Units.strip(result);
    }
    if (how.nits()) {
      result = result.startsWith(".") ? "0" + result : result;
      result = result.equals("0.5") ? "\\frac{1}{2}" : result;
    }
    if (how.malformedOperators()) {
      result = repairOperators(result, budget);
    }
    return Spaces.strip(result);
  }

  private static String basic(String text, AlgebraLimit budget) {
    // Runs of spaces mean no more than 64 of them, but patterns that begin with \s* take quadratic
    // time on them.
    String result = LONG_SPACE.matcher(budget.over(text)).replaceAll(" ".repeat(63));
    result =
        result.replace("\\mathrm{T}", "T").replace("\\mathrm{d}", "d").replace("{\\rm d}", "d");
    result =
        result
            .replace("\\left[\\begin{matrix}", "\\begin{bmatrix}")
            .replace("\\end{matrix}\\right]", "\\end{bmatrix}");
    result = LEFT.matcher(budget.over(result)).replaceAll("$1");
    result = RIGHT.matcher(budget.over(result)).replaceAll("$1");
    result =
        FALLING_FACTORIAL.matcher(budget.over(result)).replaceAll("\\\\frac{($1)!}{(($1)-($2))!}");
    result = REMOVED.matcher(budget.over(result)).replaceAll("");
    result = ALTERNATION.matcher(budget.over(result)).replaceAll(LatexNormalizer::replacement);
    result = result.replace('\n', ' ').replace('\t', ' ');
    return result.contains("matrix")
        ? result
        : DOUBLED_BACKSLASH.matcher(budget.over(result)).replaceAll("\\\\");
  }

  private static String replacement(MatchResult match) {
    int group = 1;
    while (match.group(group) == null) {
      group++;
    }
    return Matcher.quoteReplacement(REPLACEMENTS[group - 1][1]);
  }

  private static String repairOperators(String text, AlgebraLimit budget) {
    String result = text;
    for (int i = 0; i < OPERATOR_PATTERNS.length; i++) {
      result = OPERATOR_PATTERNS[i].matcher(budget.over(result)).replaceAll(OPERATORS[2 * i + 1]);
    }
    result = result.replace(" sqrt", "\\sqrt");
    result = braceRoots(result);
    result = braceFractions(result);
    Matcher fraction = WHOLE_FRACTION.matcher(result);
    return fraction.matches()
        ? "\\frac{" + fraction.group(1) + "}{" + fraction.group(2) + "}"
        : result;
  }

  /** {@code \sqrt3} → {@code \sqrt{3}}. */
  private static String braceRoots(String text) {
    if (!text.contains("\\sqrt")) {
      return text;
    }
    String[] parts = text.split("\\\\sqrt", -1);
    StringBuilder result = new StringBuilder(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].stripLeading();
      result.append("\\sqrt");
      if (part.isEmpty() || part.charAt(0) == '{' || part.charAt(0) == '[') {
        result.append(part);
      } else {
        result.append('{').append(part.charAt(0)).append('}').append(part, 1, part.length());
      }
    }
    return result.toString();
  }

  /** {@code \frac12} → {@code \frac{1}{2}}; a truncated fraction leaves the text unchanged. */
  private static String braceFractions(String text) {
    String[] parts = text.split("\\\\frac", -1);
    StringBuilder result = new StringBuilder(parts[0]);
    for (int i = 1; i < parts.length; i++) {
      String part = parts[i].stripLeading();
      result.append("\\frac");
      if (part.startsWith("{")) {
        result.append(part);
        continue;
      }
      if (part.length() < 2) {
        return text;
      }
      result.append('{').append(part.charAt(0)).append('}');
      String below = part.substring(1, 2);
      result.append(below.equals("{") ? below : "{" + below + "}").append(part, 2, part.length());
    }
    return result.toString();
  }
}
