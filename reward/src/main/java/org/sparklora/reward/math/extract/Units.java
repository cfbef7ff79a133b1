package org.sparklora.reward.math.extract;

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

  private static final Pattern WORD =
      Pattern.compile("(?:" + WORDS + ")(?:s|es)?\\s*", Pattern.UNICODE_CHARACTER_CLASS);

  /** Length of the longest word with its ending. */
  private static final int REACH = 20;

  private Units() {}

  static String strip(String text) {
    String inner = Spaces.strip(withoutFinalText(text));
    String result = inner.isEmpty() ? text : inner;
    for (int i = 0; i < 2; i++) {
      String shorter = withoutFinalWord(result);
      if (!shorter.isEmpty()) {
        result = shorter;
      }
    }
    return result;
  }

  /**
   * Cuts the first {@code \text{…}} or {@code \mbox{…}} and all after it, if a brace ends the
   * answer.
   */
  private static String withoutFinalText(String text) {
    int close = finalBrace(text);
    if (close < 0) {
      return text;
    }
    int start = first(text.indexOf("\\text{"), text.indexOf("\\mbox{"));
    if (start < 0 || start + 6 > close) {
      return text;
    }
    String before = text.substring(0, start).strip();
    return before.isEmpty() ? text : before;
  }

  private static int first(int a, int b) {
    return a < 0 ? b : b < 0 ? a : Math.min(a, b);
  }

  /** The final brace, even with an exponent of one digit after it; −1 without one. */
  private static int finalBrace(String text) {
    int end = text.length();
    if (end >= 5
        && text.startsWith("}{^", end - 5)
        && Character.isDigit(text.charAt(end - 2))
        && text.endsWith("}")) {
      return end - 5;
    }
    if (text.endsWith("}")) {
      return end - 1;
    }
    if (end >= 3 && text.startsWith("}^", end - 3) && Character.isDigit(text.charAt(end - 1))) {
      return end - 3;
    }
    return -1;
  }

  private static String withoutFinalWord(String text) {
    int end = text.stripTrailing().length();
    int cut = text.length();
    for (int start = Math.max(1, end - REACH); start < text.length(); start++) {
      if (!WORD.matcher(text).region(start, text.length()).matches()) {
        continue;
      }
      // The word must follow a digit, a brace or a space; all spaces before it but the first go
      // too.
      int before = start - 1;
      while (before >= 0 && Spaces.isSpace(text.charAt(before))) {
        before--;
      }
      boolean joined =
          before >= 0 && (Character.isDigit(text.charAt(before)) || text.charAt(before) == '}');
      if (joined) {
        cut = Math.min(cut, before + 1);
      } else if (before + 1 < start) {
        cut = Math.min(cut, before + 2);
      }
    }
    return text.substring(0, cut);
  }
}
