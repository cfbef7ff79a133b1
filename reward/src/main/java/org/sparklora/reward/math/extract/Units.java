package org.sparklora.reward.math.extract;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Removes trailing units from an answer: first a text at its end, then known words, twice. */
final class Units {
  /** Math-Verify's words; a point in a word matches any character, as there. */
  private static final String WORDS =
      "integerpoint|feet|sue|digit|pound|meal|edge|student|children ticket|multiple|east|degree|mph|kmph|ft|m square"
          + "| m east|sq m|deg|mile|q .|monkey|prime|ratio|profit of rs|rd|o|gm|p . m|lb|tile|per|dm|lt|gain|ab|way|west"
          + "|a .|b .|c .|d .|e .|f .|g .|h .|t|h|no change|men|soldier|pie|bc|excess|st|inches|noon|cent|by|gal|kmh|c"
          + "|acre|rise|a . m|th|π r 2|sq|mark|l|toy|coin|sq . m|gallon|° f|profit|minw|yr|women|am|pm|hr|cu cm|square"
          + "|v â € ™|are|rupee|rounds|cubic|cc|mtr|s|ohm|number|day|hour|minute|min|second|man|woman|sec|cube|mt"
          + "|sq inch|mp|∏ cm ³|hectare|more|unit|cu . m|cm 2|rs .|rs|kg|g|month|km|m|cm|mm|apple|liter|loss|yard|pure"
          + "|year|increase|decrease|d|less|Surface|litre|pi sq m|s .|metre|meter|inch";

  /**
   * A word after a digit, a brace or a space, which stays. A match begins at the first of several
   * spaces only, or a text of spaces would be searched from each of them.
   */
  private static final Pattern FINAL_WORD =
      Pattern.compile(
          "([\\d}]|(?<!\\s)\\s)\\s*(?:" + WORDS + ")(?:s|es)?\\s*\\z",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern TEXT = Pattern.compile("\\\\(?:text|mbox)\\{");

  /** The final brace, even with an exponent of one digit after it. */
  private static final Pattern FINAL_BRACE =
      Pattern.compile("\\}(?:\\^\\d|\\{\\^\\d\\})?\\z", Pattern.UNICODE_CHARACTER_CLASS);

  private Units() {}

  static String strip(String text) {
    String result = withoutFinalText(text);
    for (int i = 0; i < 2; i++) {
      result = FINAL_WORD.matcher(result).replaceFirst("$1");
    }
    return result;
  }

  /** Cuts the first {@code \text{…}} and all after it, if a brace ends the answer. */
  private static String withoutFinalText(String text) {
    Matcher start = TEXT.matcher(text);
    Matcher brace = FINAL_BRACE.matcher(text);
    boolean cut = start.find() && brace.find() && start.end() <= brace.start();
    String inner = Spaces.strip(cut ? text.substring(0, start.start()) : text);
    return inner.isEmpty() ? text : inner;
  }
}
