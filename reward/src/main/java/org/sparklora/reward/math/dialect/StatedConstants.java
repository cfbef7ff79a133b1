package org.sparklora.reward.math.dialect;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * An answer and the names that words at its end call constants, such as {@code y=ke^x\text{ for any
 * constant }k}.
 *
 * @param term the answer without these words
 * @param names the constants; empty without such words
 */
record StatedConstants(String term, List<String> names) {
  private static final String NAME = "(?:[a-zA-Z](?:_\\{?[0-9]\\}?)?|\\\\[a-z]+)";
  private static final String KIND = "(?:(?:arbitrary|real)\\s+){0,2}+";

  private static final Pattern CLAUSE =
      Pattern.compile(
          "[\\s,;(]{0,9}+\\\\text\\{[\\s,(]*+(?:(?:for|where|with)\\s*)?(?:(?:all|any|every|some|each|an?)\\s+)?"
              + KIND
              + "(constants?)?\\s*\\}\\s*+("
              + NAME
              + "(?:\\s*(?:,|\\\\text\\{\\s*and\\s*\\}|,?\\s*and\\b)\\s*"
              + NAME
              + "){0,3}+)\\s*(?:\\\\text\\{\\s*(?:(?:is|are|being)\\s+)?(?:(?:an?|any)\\s+)?"
              + KIND
              + "(constants?)?(?:\\s+of integration)?[\\s.]*\\})?"
              + "(?:\\s?\\\\in\\s?\\\\mathbb\\{R\\})?[\\s.)]*$");

  /** Several real numbers. */
  private static final Pattern REALS =
      Pattern.compile(
          "(?<!\\\\)(?=(?:\\s|\\\\[, ]){0,9}+(?:[,;(]|\\\\text))(?:[\\s,;(]|\\\\[, ]|\\\\text\\{[\\s,]*+(?:for|where|with)?(?: (?:all|any))?\\s?\\}){1,9}+([a-zA-Z](?:_\\{?[0-9]\\}?)?(?:\\s?,\\s?[a-zA-Z](?:_\\{?[0-9]\\}?)?){1,3}+)"
              + "\\s?\\\\in\\s?\\\\mathbb\\{R\\}[\\s.)]*+$");

  /** A word, a command with its text, or a letter with its index. */
  private static final Pattern LETTER =
      Pattern.compile(
          "(?<![a-zA-Z])(?:and|or)(?![a-zA-Z])|\\\\(?:text|mathrm|operatorname)\\{[^{}]*\\}"
              + "|\\\\[a-zA-Z]+(?:_\\{?[0-9]\\}?)?|[a-zA-Z](?:_\\{?[0-9]\\}?)?");

  /** The whole text is the term if no words about constants follow it. */
  static StatedConstants of(String answer, AlgebraLimit budget) {
    String text = SoundLatex.of(answer);
    Matcher reals = REALS.matcher(budget.over(text));
    if (text.contains("\\mathbb{R}") && reals.find()) {
      return new StatedConstants(
          text.substring(0, reals.start()), List.of(reals.group(1).split("\\s?,\\s?")));
    }
    if (!answer.contains("constant")) {
      return new StatedConstants(answer, List.of());
    }
    Matcher clause = CLAUSE.matcher(budget.over(text));
    boolean said = clause.find() && (clause.group(1) != null || clause.group(3) != null);
    return said
        ? new StatedConstants(
            text.substring(0, clause.start()),
            List.of(clause.group(2).split("\\s*(?:,|\\\\text\\{\\s*and\\s*\\}|and\\b)\\s*")))
        : new StatedConstants(answer, List.of());
  }

  boolean areStated() {
    return !names.isEmpty();
  }

  /** The term with names for its constants that {@link ArbitraryConstants} knows. */
  String marked() {
    String result = term;
    for (int i = 0; i < names.size(); i++) {
      result = replaced(result, names.get(i), "\\kappa_{" + i + "}");
    }
    return result;
  }

  /** Whether a letter occurs by itself or beside others, and not only in words. */
  static boolean has(String text, String letter) {
    return LETTER.matcher(text).results().anyMatch(found -> found.group().equals(letter));
  }

  /** The text with another name in place of a letter, which may stand beside others. */
  static String replaced(String text, String name, String other) {
    return LETTER
        .matcher(text)
        .replaceAll(
            found -> Matcher.quoteReplacement(found.group().equals(name) ? other : found.group()));
  }
}
