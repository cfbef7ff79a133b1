package org.sparklora.reward.math.extract;

import java.util.Arrays;
import java.util.List;
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

  /** Applied in one pass: at each place the first that fits; results are not matched again. */
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

  /** Knows all of Unicode's spaces, as Python does. */
  private static final Pattern ALTERNATION =
      Pattern.compile(
          Arrays.stream(REPLACEMENTS).map(r -> "(" + r[0] + ")").collect(Collectors.joining("|")),
          Pattern.UNICODE_CHARACTER_CLASS);

  /** Applied in order, each to the result of the one before. */
  private static final List<Rewrite> OPERATORS =
      List.of(
          new Rewrite("\\^\\s?\\((.*?)\\)", "^{$1}"),
          new Rewrite("sqrt\\s?\\((.*?)\\)", "\\\\sqrt{$1}"),
          new Rewrite("\\\\frac\\s?(\\d)\\s?(\\d+)", "\\\\frac{$1}{$2}"),
          new Rewrite("\\\\log_\\s?(\\d)\\s?(\\d+)", "\\\\log_{$1}{$2}"),
          new Rewrite("\\\\frac\\s?\\{(.*?)\\}\\s?(\\d)", "\\\\frac{$1}{$2}"),
          new Rewrite("\\\\frac\\s?(\\d)\\s?\\{(.*?)\\}", "\\\\frac{$1}{$2}"),
          new Rewrite("\\\\sqrt\\s?(\\d)", "\\\\sqrt{$1}"),
          new Rewrite(" sqrt", "\\\\sqrt"),
          new Rewrite("\\\\sqrt\\p{javaWhitespace}+", "\\\\sqrt"),
          new Rewrite("\\\\sqrt(?!\\\\sqrt)([^{\\[])", "\\\\sqrt{$1}"));

  /** Braces around the first two characters after {@code \frac}. */
  private static final List<Rewrite> FRACTIONS =
      List.of(
          new Rewrite("\\\\frac\\p{javaWhitespace}+", "\\\\frac"),
          new Rewrite("\\\\frac([^{])([^{])", "\\\\frac{$1}{$2}"),
          new Rewrite("\\\\frac([^{])\\{", "\\\\frac{$1}{"));

  private static final Pattern TRUNCATED_FRACTION =
      Pattern.compile("(?s)\\\\frac\\p{javaWhitespace}*+(?!\\{).?(?=\\\\frac|\\z)");

  private record Rewrite(Pattern pattern, String replacement) {
    Rewrite(String pattern, String replacement) {
      this(Pattern.compile(pattern, Pattern.UNIX_LINES), replacement);
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
    // Shortens runs of spaces: patterns that begin with \s* take quadratic time on them.
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
    String result = rewritten(text, OPERATORS, budget);
    // A truncated fraction leaves all fractions unchanged.
    if (!TRUNCATED_FRACTION.matcher(budget.over(result)).find()) {
      result = rewritten(result, FRACTIONS, budget);
    }
    Matcher fraction = WHOLE_FRACTION.matcher(result);
    return fraction.matches()
        ? "\\frac{" + fraction.group(1) + "}{" + fraction.group(2) + "}"
        : result;
  }

  private static String rewritten(String text, List<Rewrite> rewrites, AlgebraLimit budget) {
    String result = text;
    for (Rewrite rewrite : rewrites) {
      result = rewrite.pattern().matcher(budget.over(result)).replaceAll(rewrite.replacement());
    }
    return result;
  }
}
