package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.Map;
import java.util.Optional;
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
              + "(?:\\\\in\\s*(?:\\\\mathbb\\{)?([NZR])\\}?((?:[*+^_{}01>\\s]|\\\\geq?(?![a-z]))*)"
              + "|\\\\text\\{\\s*(?:is )?(?:an?|any)(?: arbitrary)? (positive integer|natural number|integer|real)(?: number)?\\s*\\})?"
              + "\\s*\\)?(\\s*\\\\\\})?");

  /** The kind of numbers before a bound: {@code \text{all integers }n\ge 3}. */
  private static final Pattern KIND =
      Pattern.compile(
          "(?s)\\\\text\\{\\s?(?:(?:all|any|every) )?(positive integer|natural number|integer|real)s?(?: numbers?)?"
              + "\\s?\\}\\s?(([a-zA-Z])\\s?(?:[<>]|\\\\(?:ne|[lg]eq?)(?![a-z])).*)");

  /** A whole parameter from some number on: {@code n=2^k, k\ge 1}. */
  private static final Pattern COUNTED =
      Pattern.compile(
          "(?s)(.*[^\\s,;(\\\\])[\\s,;(\\\\]*[,(][\\s(\\\\]*+([j-n])\\s?\\\\geq?(?![a-z])\\s?([0-9])\\s?\\)?");

  private static final Map<String, String> SETS =
      Map.of("real", "R", "integer", "Z", "positive integer", "N*", "natural number", "N");

  private static final Pattern INEQUALITY =
      Pattern.compile("[<>]|\\\\(?:[lg](?:t|eq?)|neq?)(?![a-z])");

  /** The range of an answer; one that begins with a number only if the other answer has one too. */
  static ParameterRange of(String answer, String other, AlgebraLimit budget) {
    ParameterRange range = of(answer, budget);
    return range.isCounted() && !of(other, budget).isStated()
        ? new ParameterRange(answer, "", "")
        : range;
  }

  /** The whole text is the term if it has no range that can be read. */
  private static ParameterRange of(String answer, AlgebraLimit budget) {
    String text = SoundLatex.of(answer);
    Matcher kind = KIND.matcher(text);
    if (kind.matches()) {
      return new ParameterRange(kind.group(2), kind.group(3), SETS.get(kind.group(1)));
    }
    Matcher range = RANGE.matcher(budget.over(text));
    boolean said = range.matches() && (range.start(5) >= 0 || range.start(7) >= 0);
    if (!range.matches() || !said && !range.group(2).contains("for")) {
      Matcher counted = COUNTED.matcher(budget.over(text));
      return counted.matches() && counts(counted.group(1), counted.group(2))
          ? new ParameterRange(counted.group(1), counted.group(2), "≥" + counted.group(3))
          : new ParameterRange(answer, "", "");
    }
    String word = range.group(range.group(7) != null ? 7 : 3);
    String set =
        range.group(5) != null
            ? range.group(5) + range.group(6).replaceAll("[\\^_{}\\s]|\\\\geq?", "")
            : word == null ? "R" : SETS.get(word);
    String brace = range.group(8) == null ? "" : "\\}";
    String canonical = set.matches("N\\+|Z(?:\\+|>0|1)") ? "N*" : set.equals("Z0") ? "N0" : set;
    return new ParameterRange(range.group(1) + brace, range.group(4), canonical);
  }

  /** Whether the letter is no variable of the left side, and occurs in values without bounds. */
  private static boolean counts(String term, String letter) {
    String name = letters(term.substring(0, Math.max(0, term.indexOf('='))));
    return !name.contains(letter)
        && letters(values(term)).contains(letter)
        && !INEQUALITY.matcher(term).find();
  }

  private static String values(String term) {
    return term.substring(term.indexOf('=') + 1);
  }

  private boolean isWhole() {
    return name.matches("[kn]") && letters(values(term)).matches(name + "++");
  }

  private boolean isCounted() {
    return set.startsWith("≥");
  }

  /**
   * Both terms with one letter for their parameters, counted from 0; empty unless both have a least
   * parameter: {@code 2^{k-1}, k\ge 1} is {@code 2^m, m\ge 0}. The m of m ≥ 0 may be real.
   */
  static Optional<List<String>> counted(ParameterRange gold, ParameterRange answer) {
    List<ParameterRange> both = List.of(gold, answer);
    boolean known =
        both.stream()
            .allMatch(
                r ->
                    r.set.matches("N[0*]|≥.")
                        && counts(r.term, r.name)
                        && (gold.isCounted() == answer.isCounted() || r.isWhole())
                        && (r.name.equals(gold.name) || !letters(r.term).contains(gold.name)));
    return Optional.of(both)
        .filter(any -> known)
        .map(ranges -> ranges.stream().map(r -> r.fromZero(gold.name)).toList());
  }

  private String fromZero(String letter) {
    String least = set.substring(1).replace("*", "1");
    return StatedConstants.replaced(term, name, "(" + letter + "+" + least + ")");
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
    if (isCounted() || other.isCounted()) {
      // In 2^k + m, k ≥ 1, the m is another parameter.
      return set.equals(other.set)
          && (name.equals(other.name) || !letters(other.term).contains(name));
    }
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
