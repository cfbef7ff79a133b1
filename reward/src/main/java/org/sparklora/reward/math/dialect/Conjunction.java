package org.sparklora.reward.math.dialect;

import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How the statements of a list are joined: a comma may mean "and" or "or". */
enum Conjunction {
  COMMA,
  AND,
  OR,
  /** Both words. */
  MIXED;

  private static final Pattern AND_WORD =
      Pattern.compile("(?<![a-zA-Z])and(?![a-zA-Z])|\\\\land(?![a-zA-Z])");
  private static final Pattern OR_WORD =
      Pattern.compile("(?<![a-zA-Z])or(?![a-zA-Z])|\\\\lor(?![a-zA-Z])");
  private static final Pattern INEQUALITY =
      Pattern.compile("[<>≤≥≠]|\\\\(?:[lg](?:t|e(?:q(?:slant)?)?)|neq?)(?![a-zA-Z])");

  /** The word between two cases of several values each. */
  private static final Pattern BETWEEN_CASES =
      Pattern.compile(SoundText.AND_OR.pattern().replace("and|or", "or"));

  private static final Pattern EQUATION =
      Pattern.compile("(?:\\\\[, ]|[\\s~])*+[a-zA-Z](?:_\\{?[0-9]\\}?)?\\s*+=[^=]*+");

  private static final Pattern MEMBER = Pattern.compile("\\\\in(?![a-zA-Z])");

  static Conjunction of(String latex) {
    boolean and = AND_WORD.matcher(latex).find();
    boolean or = OR_WORD.matcher(latex).find();
    return and && or ? MIXED : and ? AND : or ? OR : COMMA;
  }

  /** The text with words for logical signs; p ∧ q is no list. */
  static String inWords(String latex) {
    String text = latex.replace("\\lor", " or ");
    return joinsBounds(text) ? text.replaceAll("\\\\land(?![a-zA-Z])", " and ") : text;
  }

  /** The text with semicolons between the lists of {@code x=1, y=2 or x=2, y=1}. */
  static String grouped(String latex) {
    String[] cases = BETWEEN_CASES.split(latex, -1);
    boolean lists = cases.length > 1 && !joinsBounds(latex);
    return lists && Stream.of(cases).allMatch(Conjunction::isListOfEquations)
        ? String.join(";", cases)
        : latex;
  }

  private static boolean isListOfEquations(String text) {
    String[] parts = SoundText.OUTER_COMMA.split(SoundText.AND_OR.matcher(text).replaceAll(","));
    return parts.length > 1 && Stream.of(parts).allMatch(p -> EQUATION.matcher(p).matches());
  }

  /** Whether the text has inequalities, for which "and" is not "or". */
  static boolean joinsBounds(String latex) {
    return INEQUALITY.matcher(latex).find();
  }

  /** The word of any language between two pieces of mathematics. */
  static Conjunction between(String pieces) {
    return switch (pieces.replaceAll("[\\s,，、]", "")) {
      case "and", "和", "与", "且", "并且", "und", "et", "и", "y" -> AND;
      case "or", "或", "或者", "oder", "ou", "или", "o", "ó" -> OR;
      default -> COMMA;
    };
  }

  /** Whether mathematics may be joined to an inequality by "and" or "or". */
  static boolean isStatement(String latex) {
    return (latex.contains("=") || joinsBounds(latex)) && !isMembership(latex);
  }

  static boolean isMembership(String latex) {
    return MEMBER.matcher(latex).find();
  }

  /** The word in English, between spaces. */
  String plain() {
    return switch (this) {
      case AND -> " and ";
      case OR -> " or ";
      default -> ",";
    };
  }

  /** A separator of a list in LaTeX. */
  String latex() {
    return switch (this) {
      case AND -> "\\text{ and }";
      case OR -> "\\text{ or }";
      default -> ",";
    };
  }

  boolean hasOr() {
    return this == OR || this == MIXED;
  }

  boolean contradicts(Conjunction other) {
    return this != other && this != COMMA && other != COMMA;
  }
}
