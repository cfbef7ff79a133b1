package org.sparklora.prep.tokenize;

import java.util.Locale;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * The longest text that is tokenized at once. A tokenizer uses about sixty bytes a character, so a
 * longer text, or a longer rendering by a template, could take the memory of all tasks.
 */
public final class TextLimit {
  /** A long novel has three million characters. */
  static final int MOST_CHARACTERS = 10_000_000;

  private TextLimit() {}

  /**
   * Returns the text if it is short enough.
   *
   * @throws BadRowException without a place, if it is longer
   */
  public static String require(String text) {
    if (text.length() > MOST_CHARACTERS) {
      throw new BadRowException(
          Reason.TEXT_TOO_LONG,
          String.format(
              Locale.ROOT,
              "its text has %,d characters (as the chat template renders it, where there is one), and at most %,d are tokenized as one; divide it among several rows, or look at the template",
              text.length(),
              MOST_CHARACTERS),
          "");
    }
    return text;
  }
}
