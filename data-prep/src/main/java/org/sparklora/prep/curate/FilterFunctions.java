package org.sparklora.prep.curate;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Functions on texts that {@code --filter} may call, beside those of Spark SQL. Each returns null
 * for null.
 *
 * <pre>
 * repetition(text)    double   share of the 5-grams of words that the text has had before
 * whole_thought(text) boolean  one {@code <think>}, then one {@code </think>}, then an answer
 * boxes_closed(text)  boolean  each {@code \boxed{…}} has its closing brace
 * language(text)      text     of {@link Language}, such as en
 * tokens(text)        int      number of tokens of the given model
 * </pre>
 */
final class FilterFunctions {
  private static final int GRAM = 5;
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";
  private static final Pattern BOX = Pattern.compile("\\\\(?:boxed|fbox)\\s*\\{");

  private FilterFunctions() {}

  static double repetition(String text) {
    Words words = Words.of(text);
    int grams = words.count() - GRAM + 1;
    return grams < 1 ? 0 : (grams - words.shingles(GRAM).length) / (double) grams;
  }

  static boolean isWholeThought(String text) {
    int open = text.indexOf(OPEN);
    int close = text.indexOf(CLOSE);
    return open >= 0
        && open < close
        && text.indexOf(OPEN, open + 1) < 0
        && text.indexOf(CLOSE, close + 1) < 0
        && !text.substring(close + CLOSE.length()).isBlank();
  }

  static boolean areBoxesClosed(String text) {
    Matcher box = BOX.matcher(text);
    int end = 0;
    while (end >= 0 && box.find(end)) { // an inner box is checked with the outer one
      end = closed(text, box.end());
    }
    return end >= 0;
  }

  /** The index behind the brace that closes the one before {@code from}; -1 if there is none. */
  private static int closed(String text, int from) {
    int depth = 1;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++; // an escaped brace
      } else if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i + 1;
      }
    }
    return -1;
  }
}
