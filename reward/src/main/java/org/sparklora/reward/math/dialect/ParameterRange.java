package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * An answer and the range of its parameter, such as {@code x=k\pi, k\in\mathbb{Z}}.
 *
 * @param term the answer without the range
 * @param name the parameter; empty without a range
 * @param set the letter of the set with its marks, such as {@code N*}; empty without a range
 */
record ParameterRange(String term, String name, String set) {
  private static final Pattern RANGE =
      Pattern.compile(
          "(?s)(.*[^\\s,;(\\\\])[\\s,;\\\\]*([,;(]|\\\\text\\{[\\s,(]*(?:for|where|with)?\\s*"
              + "(?:all|any|every|some|each|an?)?\\s*(?:(positive integer|natural number|integer|real)s?(?: numbers?)?)?\\s*\\})"
              + "[\\s,(\\\\]*([a-zA-Z])\\s*"
              + "(?:\\\\in\\s*(?:\\\\mathbb\\{)?([NZR])\\}?([*+^_{}0\\s]*)"
              + "|\\\\text\\{\\s*(?:is )?(?:an?|any)(?: arbitrary)? (positive integer|natural number|integer|real)(?: number)?\\s*\\})?"
              + "\\s*\\)?(\\s*\\\\\\})?");

  /** The kind of numbers before a bound: {@code \text{all integers }n\ge 3}. */
  private static final Pattern KIND =
      Pattern.compile(
          "(?s)\\\\text\\{\\s?(?:(?:all|any|every) )?(positive integer|natural number|integer|real)s?(?: numbers?)?"
              + "\\s?\\}\\s?(([a-zA-Z])\\s?(?:[<>]|\\\\(?:ne|[lg]eq?)(?![a-z])).*)");

  private static final Map<String, String> SETS =
      Map.of("real", "R", "integer", "Z", "positive integer", "N*", "natural number", "N");

  private static final Pattern INEQUALITY =
      Pattern.compile("[<>]|\\\\(?:[lg](?:t|eq?)|neq?)(?![a-z])");

  /** The whole text is the term if it has no range that can be read. */
  static ParameterRange of(String answer, AlgebraLimit budget) {
    String text = SoundLatex.of(answer);
    Matcher kind = KIND.matcher(text);
    if (kind.matches()) {
      return new ParameterRange(kind.group(2), kind.group(3), SETS.get(kind.group(1)));
    }
    Matcher range = RANGE.matcher(budget.over(text));
    boolean said = range.matches() && (range.start(5) >= 0 || range.start(7) >= 0);
    if (!range.matches() || !said && !range.group(2).contains("for")) {
      return new ParameterRange(answer, "", "");
    }
    String word = range.group(range.group(7) != null ? 7 : 3);
    String set =
        range.group(5) != null
            ? range.group(5) + range.group(6).replaceAll("[\\^_{}\\s]", "")
            : word == null ? "R" : SETS.get(word);
    String brace = range.group(8) == null ? "" : "\\}";
    String canonical = set.equals("N+") || set.equals("Z+") ? "N*" : set;
    return new ParameterRange(range.group(1) + brace, range.group(4), canonical);
  }

  boolean isStated() {
    return !name.isEmpty();
  }

  /**
   * Whether an answer with the other range has the values of this solution. An unstated parameter
   * is an integer, or the real variable of a function or inequality; an index and the n of f(n) may
   * be of any set. An interval is no set of integers.
   */
  boolean allows(ParameterRange other) {
    if (!other.isStated()) {
      boolean bounds = INEQUALITY.matcher(term).find() && letters(term).matches(name + "+");
      return set.equals("R") || !bounds || INEQUALITY.matcher(other.term).find();
    }
    boolean index =
        other.term.matches("(?s).*_\\{?" + other.name + ".*")
            && set.equals("N0") == other.set.equals("N0");
    boolean function =
        !isStated()
            && other.name.matches("[kmn]")
            && other.term.matches("(?s)[a-zA-Z]\\(" + other.name + "\\)\\s*=.*");
    boolean bounded = INEQUALITY.matcher(other.term).find();
    boolean usual = other.set.equals("R") || other.set.equals("Z") && !bounded;
    return index || function || (isStated() ? set.equals(other.set) : usual);
  }

  /** The term with the parameter of the other one, if that name is free. */
  String renamedTo(ParameterRange other) {
    return isStated() && other.isStated() && !letters(term).contains(other.name)
        ? StatedConstants.replaced(term, name, other.name)
        : term;
  }

  /** Whether the parameter is a real factor or summand beside the variable of a function. */
  boolean isConstant() {
    int sign = term.indexOf('=');
    return set.equals("R")
        && sign > 0
        && !letters(term.substring(0, sign)).contains(name)
        && letters(term.substring(sign)).replace(name, "").matches(".*[xyt].*");
  }

  StatedConstants asConstant() {
    return new StatedConstants(term, List.of(name));
  }

  private static String letters(String latex) {
    return latex.replaceAll("\\\\text\\{[^{}]*\\}|\\\\[a-zA-Z]+|[^a-zA-Z]", "");
  }
}
