package org.sparklora.reward.math.dialect;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.Spaces;

/**
 * A unit at the end of an answer in LaTeX. An answer may omit its unit, but 15 m is not 15 cm.
 *
 * @param amount the text before the unit
 * @param unit the unit as written
 */
record AnswerUnit(String amount, String unit) {
  /** Variables and unit vectors in another type are no units. */
  private static final String NO_NAME = "(?!\\\\[a-z]+\\s*\\{[~\\s]*[ijkxyz][~\\s]*\\})";

  private static final Pattern FINAL_UNIT =
      Pattern.compile(
          "(.*(?:[0-9})]|\\\\pi)(?:\\s?[a-zA-Z])?)(?:\\\\[,; ]|~|\\s)*+"
              + "("
              + NO_NAME
              + "\\\\(?:text|mathrm|textbf|mathbf|operatorname)\\{[~\\s]*[a-zA-Z][a-zA-Z ./]*\\}(?:\\^\\{?[0-9]\\}?)?)");

  /** Words that change or negate a value, and so are not units. */
  private static final Pattern NO_UNIT =
      Pattern.compile(
          "(?i)(?<![a-z])(?:not?|never|nor|except|without|wrong|false|incorrect|isn|less|more|fewer|over|under|times(?=\\W+(?:the|that|[b-z](?![a-z])|[0-9]))|mod|modulo"
              + "|base|if|when|unless|squared|cubed|half|halves|thirds?|quarters?|fifths?|sixths?|sevenths?|eighths?"
              + "|ninths?|tenths?|hundredths?|thousandths?|dozens?"
              + "|hundreds?|thousands?|lakhs?|crores?|[bmtr]+illions?|plus|minus|factorial|root|pi|choose|percent|to|and|or|per ?cent)(?![a-z])");

  private static final String NUMBER =
      "-?(?:[0-9][0-9.,]*(?:(?:\\\\[,; ]|[ ~])[0-9]{3}(?![0-9]))*+|\\\\frac\\{-?[0-9]+\\}\\{[0-9]+\\}|[0-9]*\\.[0-9]+"
          + "|\\([0-9]+\\+\\\\frac\\{[0-9]+\\}\\{[0-9]+\\}\\))(?:[eE][-+]?[0-9]+|/[0-9]+)?";
  private static final Pattern WITH_UNIT =
      Pattern.compile(
          "("
              + NUMBER
              + "(?:\\s*\\\\times\\s*10\\^\\{?-?[0-9]+\\}?)?(\\s*(?:\\\\pi|\\\\sqrt\\{[0-9]+\\}))?)((?:\\\\[,;: ]|~|\\s)*+)(.+)");
  private static final Pattern UNIT_TEXT =
      Pattern.compile(
          "(?:"
              + NO_NAME
              + "\\\\(?:text|mathrm|textbf|mathbf|rm|operatorname)\\s*\\{(?:[^{}]|\\{[^{}]*\\})*+\\}(?:\\^\\{?-?[0-9]\\}?)?|\\\\frac\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}|[/ ~.]|\\\\[,;: ]|\\\\cdot)++");
  private static final Pattern UNIT_WORDS =
      Pattern.compile(
          "([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?)(?:[ /·]+([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?))*+\\.?");

  /** Words for units and for things that are counted, beside those in {@code SPELLINGS}. */
  private static final Set<String> UNITS =
      Set.of(
          ("day days week weeks month months ton tons pound pounds gallon gallons cent cents sq square cubic"
                  + " unit units hz people person students apples eggs books ways times pages points tickets"
                  + " customers marbles coins percent of per")
              .split(" "));

  /** A word for things that are counted, as in {@code 72 clips}; shorter ones are products. */
  private static final Pattern THINGS =
      Pattern.compile("(?!(?:arc)?(?:sin|cos|tan|cot|csc|log|exp|sqrt|point)[a-z]?$)[a-zA-Z]{3,}");

  private static final Pattern CURRENCY_SIGN =
      Pattern.compile(
          "\\s*(\\\\?\\$|US\\\\?\\$|€|£|¥|₹|USD|EUR|Rs\\.?|\\\\text\\{\\s*Rs\\.?\\s*\\})\\s*[-0-9.].*|\\s*"
              + NUMBER
              + "(?:\\\\[,;: ]|~|\\s)*+(€|£|¥|₹|USD|EUR)\\s*",
          Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("\\\\(?:text|mathrm|mbox|mathbf|textbf|rm|operatorname)(?![a-zA-Z])");
  private static final Pattern FRACTION = Pattern.compile("\\\\frac\\{(.*)\\}\\{(.*)\\}");
  private static final Pattern SPACE = Pattern.compile("\\\\[,;: ]|\\\\cdot|[~\\s·{}]+");
  private static final Pattern WORD = Pattern.compile("[A-Za-z]{2,}");
  private static final Pattern POWER_WORD = Pattern.compile("\\b(sq|square|cubic)\\.? (\\S+)");

  /**
   * The canonical spelling of each unit, then the others; a regular plural needs none. Units that
   * share a name or sign have it first, then capitals.
   */
  private static final String[] SPELLINGS =
      ("millimeter mm millimeters millimetre millimetres,centimeter cm centimeters centimetre centimetres"
              + ",decimeter dm decimeters,meter m meters metre metres,kilometer km kilometers kilometre kilometres"
              + ",inch in inches,foot ft feet,yard yd yards,mile mi miles,gram g grams,kilogram kg kilograms"
              + ",milligram mg milligrams,poundMASS lb lbs,poundSTERLING £,ounce oz ounces,second s sec secs seconds"
              + ",minute min mins minutes,hour h hr hrs hours,year years yr yrs,liter l L liters litre litres"
              + ",milliliter ml milliliters,dollar dollars usd $ us$,euro euros eur €,rupee rupees rs inr ₹,¥,¥YEN yen,¥YUAN yuan"
              + ",degree degrees deg,radian radians rad,newton N newtons,joule J joules,watt W watts,volt V volts,ampere A amps,mile/hour mph,kilometer/hour kmh kph")
          .split(",");

  private static final Map<String, String> NAMES = new HashMap<>();

  static {
    for (String spellings : SPELLINGS) {
      String[] words = spellings.split(" ");
      for (String word : words) {
        NAMES.put(word, words[0]);
      }
    }
  }

  /**
   * Units before their sizes: times in t, money in d, volumes in v, lengths in m and f, masses in
   * g.
   */
  private static final List<String> SIZES =
      List.of(
          ("second 1t minute 60t hour 3600t day 86400t week 604800t cent 1d dollar 100d milliliter 1v liter 1000v"
                  + " millimeter 1m centimeter 10m decimeter 100m meter 1000m kilometer 1000000m"
                  + " inch 1f foot 12f yard 36f mile 63360f milligram 1g gram 1000g kilogram 1000000g")
              .split(" "));

  /** The end of a unit before the number of the next one. */
  private static final String NEXT = "(?<=[a-zA-Z}])(?:\\\\[,; ]|[~,.\\s])*(?=[0-9])";

  /** The unit of an answer that is a number and a unit. */
  static Optional<AnswerUnit> afterNumber(String latex) {
    Matcher unit = WITH_UNIT.matcher(latex);
    // The space after π ends its command, so that the h of 2\pi h may be a factor.
    return unit.matches()
            && isUnit(unit.group(4), unit.group(3).isEmpty() || unit.group(2) != null)
            && !NO_UNIT.matcher(unit.group(4)).find()
        ? Optional.of(new AnswerUnit(unit.group(1), unit.group(4)))
        : Optional.empty();
  }

  /** The text after an answer's last digit, brace or bracket, if it is a unit. */
  static Optional<AnswerUnit> atEnd(String latex) {
    Matcher unit = FINAL_UNIT.matcher(latex);
    return unit.matches() && !NO_UNIT.matcher(unit.group(2)).find()
        ? Optional.of(new AnswerUnit(unit.group(1), unit.group(2)))
        : Optional.empty();
  }

  private static boolean isUnit(String rest, boolean glued) {
    if (UNIT_TEXT.matcher(rest).matches()) {
      return true;
    }
    String plain =
        Spaces.strip(
            rest.replaceAll("\\\\(?:text|mathrm)\\{([^{}]*)\\}", "$1")
                .replaceAll("\\^\\{?-?[0-9]\\}?", ""));
    // 2s is a product, 2 N may be a force, and 2 n is none.
    if (!UNIT_WORDS.matcher(plain).matches() || glued && plain.length() == 1) {
      return false;
    }
    for (String word : plain.split("[ /·.]+")) {
      String name = word.length() > 1 ? word.toLowerCase(Locale.ROOT) : word;
      boolean known = UNITS.contains(name) || NAMES.containsKey(name);
      if (!known && (glued || !THINGS.matcher(word).matches())) {
        return false;
      }
    }
    return true;
  }

  /**
   * The unit of an answer in one spelling: {@code 15\text{ sq. cm}} and {@code 15\,cm^2} are in
   * {@code centimeter^2}. The answer is as written, before currency signs are removed.
   */
  static Optional<String> canonical(String latex) {
    Matcher sign = CURRENCY_SIGN.matcher(latex);
    if (sign.matches()) {
      String written = sign.group(sign.group(1) != null ? 1 : 2);
      String plain = written.replaceAll("\\\\text|[\\\\.{}\\s]", "");
      return Optional.of(NAMES.get(plain.toLowerCase(Locale.ROOT)));
    }
    if (latex.matches("(?s).*[0-9}]\\s*\\\\?%")) {
      return Optional.of("percent");
    }
    return afterNumber(latex)
        .or(() -> atEnd(latex))
        .map(found -> spelled(found.unit()))
        .filter(unit -> !unit.isEmpty());
  }

  /** Whether two units of {@link #canonical} can be the same: a pound is £ or lb, ¥ yen or yuan. */
  static boolean agree(String unit, String other) {
    return unit.equals(other) || unit.equals(shared(other)) || other.equals(shared(unit));
  }

  /** A term for the amount of 2 h 30 min in the smallest unit. */
  static Optional<String> converted(String written) {
    String text = SoundLatex.of(written).replaceFirst("^\\\\?\\$\\s*(.*)", "$1\\\\text{ dollars}");
    StringBuilder sum = new StringBuilder("0");
    for (String part : text.replaceAll("(?<![a-z]),?\\s*and(?![a-z])", " ").split(NEXT)) {
      Optional<AnswerUnit> found = afterNumber(part);
      int at = SIZES.indexOf(found.map(any -> spelled(any.unit())).orElse(""));
      if (at < 0) {
        return Optional.empty();
      }
      String number = found.get().amount().replaceAll(",(?=[0-9]{3})", "");
      sum.append("+(%s)\\cdot %s".formatted(number, SIZES.get(at + 1)));
    }
    return Optional.of(sum.toString());
  }

  private static String shared(String unit) {
    return unit.replaceAll("[A-Z]", "");
  }

  private static String spelled(String written) {
    String text = FRACTION.matcher(written).replaceAll("$1/$2");
    text = SPACE.matcher(COMMAND.matcher(text).replaceAll(" ")).replaceAll(" ");
    text = WORD.matcher(text).replaceAll(m -> m.group().toLowerCase(Locale.ROOT)).strip();
    text = text.replaceAll("(^| )([a-z]+) ?\\^ ?-([0-9])", "/$2^$3").replace("^1", "");
    text = text.replaceAll("\\.$", "").replaceAll("\\s*(?:/|\\bper\\b)\\s*", "/");
    text =
        POWER_WORD
            .matcher(text)
            .replaceAll(match -> match.group(2) + (match.group(1).equals("cubic") ? "^3" : "^2"));
    StringBuilder unit = new StringBuilder();
    for (String factor : text.split("(?<=/)|(?=/)| ")) {
      int power = factor.indexOf('^');
      String word = power < 0 ? factor : factor.substring(0, power);
      unit.append(NAMES.getOrDefault(word, singular(word)));
      unit.append(power < 0 ? "" : factor.substring(power));
    }
    return unit.toString();
  }

  private static String singular(String word) {
    return word.length() > 3 && word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
  }
}
