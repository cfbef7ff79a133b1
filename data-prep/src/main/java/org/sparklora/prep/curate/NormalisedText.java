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

  private static String collapsed(String text) {
    StringBuilder out = new StringBuilder(text.length());
    int from = 0; // of the characters that are copied next, all at once
    boolean blank = true; // whether they end with a blank, or nothing comes before
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean space = Character.isWhitespace(c) || Character.isSpaceChar(c);
      if (space && (blank || c != ' ')) {
        out.append(text, from, i).append(blank ? "" : " ");
        from = i + 1;
      }
      blank = space;
    }
    out.append(text, from, text.length());
    return blank && out.length() > 0 ? out.substring(0, out.length() - 1) : out.toString();
  }
}
