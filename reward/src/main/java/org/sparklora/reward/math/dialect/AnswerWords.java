package org.sparklora.reward.math.dialect;

import java.util.Map;

/** Compares answers in words, which are in lower case and without commands. */
final class AnswerWords {
  /** Answers that have one translation each. */
  private static final Map<String, String> ENGLISH =
      Map.ofEntries(
          Map.entry("sí", "yes"),
          Map.entry("oui", "yes"),
          Map.entry("ja", "yes"),
          Map.entry("да", "yes"),
          Map.entry("是", "yes"),
          Map.entry("是的", "yes"),
          Map.entry("non", "no"),
          Map.entry("nein", "no"),
          Map.entry("нет", "no"),
          Map.entry("否", "no"),
          Map.entry("不是", "no"),
          Map.entry("verdadero", "true"),
          Map.entry("vrai", "true"),
          Map.entry("wahr", "true"),
          Map.entry("верно", "true"),
          Map.entry("正确", "true"),
          Map.entry("falso", "false"),
          Map.entry("faux", "false"),
          Map.entry("falsch", "false"),
          Map.entry("неверно", "false"),
          Map.entry("错误", "false"));

  private static final Map<String, String> OPPOSITES =
      Map.of("yes", "no", "no", "yes", "true", "false", "false", "true");

  private AnswerWords() {}

  static boolean same(String solution, String given) {
    String gold = ENGLISH.getOrDefault(solution, solution);
    String answer = ENGLISH.getOrDefault(given, given);
    // June 20 has a word, while 2ab is a term.
    boolean digits = gold.matches(".*[0-9].*");
    boolean spoken =
        gold.matches(digits ? "(?s).*\\p{L}{3}.*" : "(?s).*(?:\\p{L}{2}|\\p{IsHan}).*");
    if (!spoken || gold.matches(digits ? ".*[=<>^_/].*" : ".*[=<>^_].*")) {
      return false;
    }
    // "No, since …" is an answer, "no or yes" is none.
    String other = OPPOSITES.get(gold);
    String both = gold + "\\W+%1$s\\b.*|.*\\b(?:or %1$s\\b.*|%1$s\\W*)".formatted(other);
    return bare(gold).equals(bare(answer))
        || other != null && answer.matches(gold + "[,.! ].*") && !answer.matches(both);
  }

  /** Words without articles, and without beginnings and endings that people leave out. */
  private static String bare(String words) {
    return words
        .replaceFirst("^all (.*\\b(?:integers|numbers|primes))(?: [a-z])?$", "$1")
        .replaceFirst("\\b(positive|negative) (even|odd|prime|composite)\\b", "$2 $1")
        .replaceFirst("^(?:(?:it|this|the (?:statement|claim)) )?is ", "")
        .replaceFirst("^not possible", "impossible")
        .replaceAll(
            "^(?:on|the|an?) |(?: only|(?<!no) solutions?| condition|条件|(?<=even|odd|creasing) function)$",
            "")
        .replaceAll(",? and |&", ",")
        .replaceAll(" |(?<=[0-9])(?:st|nd|rd|th)\\b", "");
  }
}
