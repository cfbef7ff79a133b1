package org.sparklora.reward.math.dialect;

import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.Spaces;

/** Reads and compares answers in words; most are in lower case and without commands. */
final class AnswerWords {
  private static final String NUMBER = "[-−]?(?:\\\\?\\$|[€£])?[0-9][0-9.,:/]*(?:\\s?%|\\s[a-z]+)?";

  private static final String PLAIN =
      "\\(?[A-H]\\)?(?:(?:,|,?\\s*and\\b)\\s*\\(?[A-H]\\)?)*+|yes|no|true|false|" + NUMBER;

  private static final Pattern PLAIN_ANSWER =
      Pattern.compile("\\**(?:" + PLAIN + ")\\**", Pattern.CASE_INSENSITIVE);

  /** The last sentence or line, if its value is in bold type: {@code It is **12**.} */
  private static final Pattern BOLD =
      Pattern.compile(
          "(?:\\A|[.!?;]\\s++|(?<=[^*\\s])\\n\\s*+|(?<=nswer:\\*\\*)\\s++)"
              + "((?:[^*.!?\\n]|\\.(?=[0-9]))*+)\\*\\*\\s?(?:(?:final )?answer:?\\s(?:is:?\\s)?)?+"
              + "((?:[a-z]\\s?=\\s?)?(?:"
              + PLAIN
              + "))((?: [a-z]+){1,9}+)?+\\.?\\s?\\*\\*[.!]?+\\z",
          Pattern.CASE_INSENSITIVE);

  private static final String VERB =
      "(?<![a-z])(?:is|are|was|were|be|equals?|has|have|had|gets?|got|makes?|made|needs?|earn(?:s|ed)?|costs?"
          + "|spends?|spent|pays?|paid|sells?|sold|buys?|bought|saves?|saved|takes?|took|receives?|received"
          + "|wins?|won|contains?|owes?|weighs?|uses?|used|eats?|ate|reads?|scores?|scored|collect(?:s|ed)?)";

  /** Words right before the value of a sentence. */
  private static final Pattern LEAD =
      Pattern.compile(
          "(?s)(?:.*"
              + VERB
              + "(?: exactly| only| a total of)?|\\s?(?:(?:the )?(?:final )?answer|exactly|only|a total of))\\s?:?\\s*+",
          Pattern.CASE_INSENSITIVE);

  private static final String DOUBT =
      "(?<![a-z])(?:if|not|never|cannot|whether|unless|suppos[a-z]*|assum[a-z]*)(?![a-z])|n['’]t(?![a-z])";

  /** Words right before an answer that take it back. */
  private static final Pattern DOUBTED =
      Pattern.compile("(?:" + DOUBT + ")[^.,;:!?\\n]*+\\z", Pattern.CASE_INSENSITIVE);

  /** Words beside a value that make it another one, or none, besides those that are no units. */
  private static final Pattern OTHER =
      Pattern.compile(
          "(?<![a-z])(?:at|about|approx[a-z.]*|around|roughly|nearly|almost|up|between|n?either|both|than|too|each|every"
              + "|per|short|missing|extra|guess|estimate|one|two|three|four|five|six|seven|eight"
              + "|nine|ten|eleven|twelve|hundred|percent|exclud[a-z]*|exceed[a-z]*|anything but|doubt|maybe|perhaps|possibly|probably"
              + "|(?:could|might|may) (?:be|have)|(?:impossible|unlikely|likely) that|twice|(?:double|triple) the"
              + "|(?:square|cube|negative|opposite|reciprocal) of)(?![a-z])|^no(?:body|ne|thing)(?![a-z])|"
              + DOUBT,
          Pattern.CASE_INSENSITIVE);

  /** A name before its value: {@code x is 12}. */
  private static final Pattern NAMED = Pattern.compile("(?:.* )?([a-zA-HJ-Z]) (?:is|equals):?");

  /** A sentence with one value: {@code There are 120 committees.} */
  private static final Pattern SENTENCE =
      Pattern.compile(
          "([A-Za-z][A-Za-z'’, -]*:?) (?=[-0-9$\\\\])"
              + "(-?(?:\\\\?\\$)?[0-9.,/]*(?:\\\\(?:frac\\{[^{}]*\\}\\{[^{}]*\\}|sqrt\\{[^{}]*\\}|pi(?![a-z]))|\\\\?%)*+)"
              + "(?: ([A-Za-z]{2,}(?: [A-Za-z]{2,})*+))?[.!]?");

  /** A name between words: {@code \text{The smallest } n \text{ is } 7}. */
  private static final Pattern NAME_IN_TEXT =
      Pattern.compile("(?<=\\})\\s?([a-zA-Z])\\s?\\\\text\\{\\s?(?=(?:is|equals)(?![a-z]))");

  private static final Pattern TEXT = Pattern.compile("\\\\(?:text|textbf|mathrm)\\{([^{}]*)\\}");

  /** A longer answer explains a result. */
  private static final int LONGEST = 200;

  /** A number in words and its unit. */
  private static final Pattern COUNTED =
      Pattern.compile("([a-z]+(?:[ -][a-z]+){0,11}?) ((?:(?:square|cubic) )?[a-z]{3,})");

  private static final Pattern ALL_BUT =
      Pattern.compile(
          "all real numbers,? (?:except|but|other than) (?:for )?(?:x ?= ?)?((?:[-0-9./, ]|and|or)+)");

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

  /** Words right after yes or no that limit it; those of the first kind explain a no. */
  private static final String CONDITION =
      "(?:[.,]? \\(?(?<!(?:no|false)[.,]? \\(?)(?:but only|only (?:if|when|for|in)|(?:but )?(?:not always|sometimes|in (?:some|case)))"
          + "|,? \\(?(?:but )?(?:if(?!.*\\bthen\\b)|iff|unless|provided|except|with (?:the )?exception|as long as|depending)"
          + "| \\(?when(?:ever)?)\\b.*|";

  private AnswerWords() {}

  /** Whether a sentence is one value and nothing else. */
  static boolean isPlain(String sentence) {
    return PLAIN_ANSWER.matcher(sentence).matches();
  }

  /** The value in bold type that ends a text. */
  static Optional<String> bold(String text) {
    String stripped = Spaces.strip(text);
    String end = stripped.substring(Math.max(0, stripped.length() - LONGEST));
    Matcher bold = BOLD.matcher(end);
    return bold.find()
            && (bold.group(1).isBlank() ? !isNumbered(end, bold.start()) : leads(bold.group(1)))
            && (bold.group(3) == null
                || bold.group(2).matches("[^a-zA-Z]*[0-9].*")
                    && isCertain((bold.group(2) + bold.group(3)).replaceAll(" to (?=[a-z])", " ")))
        ? Optional.of(bold.group(2))
        : Optional.empty();
  }

  /** Whether the point is the one of {@code 2.} before an item of a list. */
  private static boolean isNumbered(String text, int point) {
    return point > 0 && text.charAt(point) == '.' && Character.isDigit(text.charAt(point - 1));
  }

  /** Whether the clause before a place leaves the words after it certain. */
  static boolean affirm(String text, int place) {
    return !DOUBTED.matcher(text.substring(Math.max(0, place - LONGEST), place)).find();
  }

  private static boolean leads(String words) {
    return LEAD.matcher(words).matches() && isCertain(words);
  }

  private static boolean isCertain(String words) {
    return !AnswerUnit.NO_UNIT.matcher(words).find() && !OTHER.matcher(words).find();
  }

  /** The value of a sentence that says no more, with its unit. */
  static Optional<String> value(String answer) {
    if (answer.length() > LONGEST) {
      return Optional.empty();
    }
    String latex = NAME_IN_TEXT.matcher(SoundLatex.of(answer)).replaceAll("\\\\text{ $1 ");
    String outside = TEXT.matcher(latex).replaceAll(" ");
    // The n of \text{There are } 12 n is a factor.
    boolean named = outside.replaceAll("\\\\[a-zA-Z]+", "").matches("(?s).*[a-zA-Z].*");
    String text = TEXT.matcher(latex).replaceAll(" $1 ").replaceAll("(?:\\\\[,;: ]|[~\\s])+", " ");
    Matcher sentence = SENTENCE.matcher(Spaces.strip(text));
    if (!sentence.matches() || named && !outside.equals(latex) || !leads(sentence.group(1))) {
      return Optional.empty();
    }
    String words = Optional.ofNullable(sentence.group(3)).orElse("");
    String unit = words.replaceFirst("(?:^| )(?:in (?:total|all)|altogether|left|total)$", "");
    Matcher name = NAMED.matcher(sentence.group(1));
    String number = (name.matches() ? name.group(1) + "=" : "") + sentence.group(2);
    return isCertain(unit)
        ? Optional.of(number + (unit.isEmpty() ? "" : "\\text{ " + unit + "}"))
        : Optional.empty();
  }

  /** An amount in words, such as two hours, with its number in digits; another text itself. */
  static String inDigits(String written) {
    String words = SoundText.words(written);
    Matcher counted = COUNTED.matcher(words);
    return words.length() <= LONGEST
            && counted.matches()
            && NumberWords.latex(words).isEmpty()
            && NumberWords.latex(counted.group(2)).isEmpty()
            && !AnswerUnit.NO_UNIT.matcher(counted.group(2)).find()
        ? NumberWords.latex(counted.group(1))
            .map(number -> number + "\\text{ " + counted.group(2) + "}")
            .orElse(written)
        : written;
  }

  /** The LaTeX of an answer in words. */
  static Optional<String> latex(String words) {
    Matcher allBut = ALL_BUT.matcher(words);
    if (allBut.matches()) {
      return Optional.of("\\mathbb{R}\\setminus\\{" + allBut.group(1) + "\\}");
    }
    String said =
        words.replaceAll(
            "^(?:there (?:is|are|exists?)|the (?:equation|system|inequality) has) (?=no )|(?<=solution)(?:s? exists?|s)$",
            "");
    return switch (said.replaceFirst("^the solutions? (?:is|are) (?=all )", "")) {
      case "infinity", "+infinity" -> Optional.of("\\infty");
      case "-infinity" -> Optional.of("-\\infty");
      case "all real numbers", "all reals", "all real numbers x" -> Optional.of("\\mathbb{R}");
      case "empty set", "the empty set", "none", "no solution", "no real solution" ->
          Optional.of("\\emptyset");
      case "无解", "无实数解", "空集", "sin solución", "pas de solution", "aucune solution" ->
          Optional.of("\\emptyset");
      default -> NumberWords.latex(words);
    };
  }

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
    // "No, since …" is an answer, "no or yes" and "no if x = 1" are none.
    String other = OPPOSITES.get(gold);
    String both =
        gold
            + CONDITION
            + gold
            + "\\W+%1$s\\b.*|.*\\b(?:or %1$s\\b.*|%1$s\\W*|%1$s (?:otherwise|if|when|for)\\b.*|otherwise,? %1$s\\b.*)"
                .formatted(other);
    String subject = "^(?:it|(?:the|this) (?:[a-z]+ )?(?:series|sequence|integral)) ";
    boolean verb = gold.matches("(?:con|di)verge(?:s|nt).*");
    String said = verb ? answer.replaceFirst(subject, "") : answer;
    return bare(gold).equals(bare(said))
        || other != null && answer.matches(gold + "[,.! ].*") && !answer.matches(both);
  }

  /** Words without articles, and without beginnings and endings that people leave out. */
  private static String bare(String words) {
    return words
        .replaceFirst("^all (.*\\b(?:integers|numbers|primes))(?: [a-z])?$", "$1")
        .replaceFirst("\\b(positive|negative) (even|odd|prime|composite)\\b", "$2 $1")
        .replaceFirst("^(?:(?:it|this|the (?:statement|claim)) )?is ", "")
        .replaceFirst("^not possible", "impossible")
        .replaceFirst("^(con|di)vergent$", "$1verges")
        .replaceAll(
            "^(?:on|the|an?) |(?: only|(?<!no) solutions?| condition|条件|(?<=even|odd|creasing) function)$",
            "")
        .replaceAll(",? and |&", ",")
        .replaceAll(" |(?<=[0-9])(?:st|nd|rd|th)\\b", "");
  }
}
