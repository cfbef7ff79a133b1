package org.sparklora.reward.math.dialect;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The unit of an answer, in one spelling: {@code 15\text{ sq. cm}} and {@code 15\,cm^2} are in
 * {@code centimeter^2}. An answer may omit its unit, but 15 m is not 15 cm.
 */
final class AnswerUnit {
  private static final Pattern CURRENCY_SIGN =
      Pattern.compile("\\s*(\\\\?\\$|US\\\\?\\$|€|£|¥)\\s*[-0-9.].*", Pattern.DOTALL);
  private static final Pattern COMMAND =
      Pattern.compile("\\\\(?:text|mathrm|mbox|mathbf|textbf|rm|operatorname)(?![a-zA-Z])");
  private static final Pattern FRACTION = Pattern.compile("\\\\frac\\{(.*)\\}\\{(.*)\\}");
  private static final Pattern SPACE = Pattern.compile("\\\\[,;: ]|\\\\cdot|[~\\s·{}]+");
  private static final Pattern POWER_WORD = Pattern.compile("\\b(sq|square|cubic)\\.? (\\S+)");

  /** The canonical spelling of each unit, then the others. */
  private static final String[] SPELLINGS = {
    "millimeter mm millimeters millimetre millimetres",
    "centimeter cm centimeters centimetre centimetres",
    "decimeter dm decimeters",
    "meter m meters metre metres",
    "kilometer km kilometers kilometre kilometres",
    "inch in inches",
    "foot ft feet",
    "yard yd yards",
    "mile mi miles",
    "gram g grams",
    "kilogram kg kilograms",
    "milligram mg milligrams",
    "pound lb lbs pounds £",
    "ounce oz ounces",
    "ton tons",
    "second s sec secs seconds",
    "minute min mins minutes",
    "hour h hr hrs hours",
    "day days",
    "week weeks",
    "month months",
    "year years yr yrs",
    "liter l liters litre litres",
    "milliliter ml milliliters",
    "gallon gallons",
    "dollar dollars usd $ us$",
    "cent cents",
    "euro euros eur €",
    "yen ¥ yuan",
    "degree degrees deg",
    "radian radians rad",
    "mile/hour mph",
    "kilometer/hour kmh kph",
  };

  private static final Map<String, String> NAMES = new HashMap<>();

  static {
    for (String spellings : SPELLINGS) {
      String[] words = spellings.split(" ");
      for (String word : words) {
        NAMES.put(word, words[0]);
      }
    }
  }

  private AnswerUnit() {}

  /** The unit of an answer as written, before currency signs are removed. */
  static Optional<String> of(String latex) {
    Matcher sign = CURRENCY_SIGN.matcher(latex);
    if (sign.matches()) {
      return Optional.of(NAMES.get(sign.group(1).replace("\\", "").toLowerCase(Locale.ROOT)));
    }
    return WrittenUnit.of(latex)
        .map(WrittenUnit::unit)
        .map(AnswerUnit::canonical)
        .filter(unit -> !unit.isEmpty());
  }

  private static String canonical(String written) {
    String text = FRACTION.matcher(written).replaceAll("$1/$2");
    text = COMMAND.matcher(text.replace("²", "^2").replace("³", "^3")).replaceAll(" ");
    text = SPACE.matcher(text).replaceAll(" ").toLowerCase(Locale.ROOT).strip();
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
