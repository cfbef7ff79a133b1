package org.sparklora.prep.curate;

import java.text.Normalizer;
import java.util.Locale;

/**
 * A text in the form in which texts are compared: Unicode NFKC, lower case, and each run of white
 * space as one blank, with none at either end.
 */
final class NormalisedText {
  private NormalisedText() {}

  static String of(String text) {
    String lower = nfkc(text).toLowerCase(Locale.ROOT);
    return collapsed(nfkc(lower)); // lower case may not be NFKC: İ becomes two characters
  }

  private static String nfkc(String text) {
    return Normalizer.isNormalized(text, Normalizer.Form.NFKC)
        ? text
        : Normalizer.normalize(text, Normalizer.Form.NFKC);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c);
  }

  private static boolean isCollapsed(String text) {
    boolean blank = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isSpace(c) && (blank || c != ' ')) {
        return false;
      }
      blank = c == ' ';
    }
    return !blank || text.isEmpty();
  }

  private static String collapsed(String text) {
    if (isCollapsed(text)) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    boolean blank = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isSpace(c)) {
        blank = out.length() > 0;
      } else {
        if (blank) {
          out.append(' ');
          blank = false;
        }
        out.append(c);
      }
    }
    return out.toString();
  }
}
