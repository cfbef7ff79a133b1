package org.sparklora.reward.math.dialect;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.Spaces;

/**
 * A unit at the end of an answer in LaTeX.
 *
 * @param amount the text before the unit
 * @param unit the unit as written
 */
record WrittenUnit(String amount, String unit) {
  private static final Pattern FINAL_UNIT =
      Pattern.compile(
          "(.*[0-9})])(?:\\\\[,; ]|~|\\s)*+(\\\\(?:text|mathrm|textbf|mathbf|operatorname)\\{\\s*[a-zA-Z][a-zA-Z ./]*\\}(?:\\^\\{?[0-9]\\}?)?)");

  /** Words that change or negate a value, and so are not units. */
  private static final Pattern NO_UNIT =
      Pattern.compile(
          "(?i)(?<![a-z])(?:not?|never|nor|except|without|wrong|false|incorrect|isn|less|more|fewer|over|under|times|mod|modulo"
              + "|base|if|when|unless|squared|cubed|half|halves|thirds?|quarters?|tenths?|hundredths?|thousandths?|dozens?"
              + "|hundreds?|thousands?|[bmtr]+illions?|plus|minus|factorial|root|pi|choose|percent|to|and|or|per ?cent)(?![a-z])");

  private static final String NUMBER =
      "-?(?:[0-9][0-9.,]*|\\\\frac\\{-?[0-9]+\\}\\{[0-9]+\\}|[0-9]*\\.[0-9]+)(?:E[-+]?[0-9]+|/[0-9]+)?";
  private static final Pattern WITH_UNIT =
      Pattern.compile(
          "(" + NUMBER + "(?:\\s*\\\\times\\s*10\\^\\{?-?[0-9]+\\}?)?)(?:\\\\[,;: ]|~|\\s)*+(.+)");
  private static final Pattern UNIT_TEXT =
      Pattern.compile(
          "(?:\\\\(?:text|mathrm|textbf|mathbf|rm|operatorname)\\s*\\{[^{}]*\\}(?:\\^\\{?-?[0-9]\\}?)?|\\\\frac\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}|[/ ~.]|\\\\[,;: ]|\\\\cdot)++");
  private static final Pattern UNIT_WORDS =
      Pattern.compile(
          "([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?)(?:[ /·]+([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?))*+\\.?");
  private static final Set<String> UNITS =
      Set.of(
          ("mm cm dm m km in ft yd mi mile miles meter meters metre metres kilometer kilometers centimeter centimeters"
                  + " inch inches foot feet yard yards g kg mg lb lbs oz gram grams kilogram kilograms pound pounds ton tons"
                  + " s sec secs second seconds min mins minute minutes h hr hrs hour hours day days week weeks month months"
                  + " year years l ml liter liters litre litres gallon gallons dollar dollars usd cent cents euro euros rupee"
                  + " rupees yuan degree degrees deg radian radians rad mph kmh kph sq square cubic unit units n j w v a hz"
                  + " people person students apples eggs books ways times pages points tickets customers marbles coins"
                  + " percent of per")
              .split(" "));

  /** The unit of an answer: after a single number, or else at its end. */
  static Optional<WrittenUnit> of(String latex) {
    return afterNumber(latex).or(() -> atEnd(latex));
  }

  /** The unit of an answer that is a number and a unit. */
  static Optional<WrittenUnit> afterNumber(String latex) {
    Matcher unit = WITH_UNIT.matcher(latex);
    return unit.matches() && isUnit(unit.group(2)) && !NO_UNIT.matcher(unit.group(2)).find()
        ? Optional.of(new WrittenUnit(unit.group(1), unit.group(2)))
        : Optional.empty();
  }

  /** The text after an answer's last digit or brace, if it is a unit. */
  static Optional<WrittenUnit> atEnd(String latex) {
    Matcher unit = FINAL_UNIT.matcher(latex);
    return unit.matches() && !NO_UNIT.matcher(unit.group(2)).find()
        ? Optional.of(new WrittenUnit(unit.group(1), unit.group(2)))
        : Optional.empty();
  }

  private static boolean isUnit(String rest) {
    if (UNIT_TEXT.matcher(rest).matches()) {
      return true;
    }
    String plain =
        rest.replaceAll("\\\\(?:text|mathrm)\\{([^{}]*)\\}", "$1")
            .replaceAll("\\^\\{?-?[0-9]\\}?", "");
    if (!UNIT_WORDS.matcher(Spaces.strip(plain)).matches()) {
      return false;
    }
    for (String word : Spaces.strip(plain).toLowerCase(Locale.ROOT).split("[ /·.]+")) {
      if (!UNITS.contains(word)) {
        return false;
      }
    }
    return true;
  }
}
