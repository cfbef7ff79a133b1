package org.sparklora.hub;

import java.util.regex.Pattern;

/**
 * Makes untrusted text (names, cards, error bodies) safe for a terminal or a log: without
 * characters that control a terminal, or that make a line read as another one.
 */
public final class PlainText {
  /** Characters that control the terminal, line feed and tab among them, or the text direction. */
  private static final String CONTROLS =
      "\\p{Cc}\\x{61C}\\x{200E}\\x{200F}\\x{2028}-\\x{202E}\\x{2066}-\\x{2069}";

  private static final Pattern NOT_PLAIN = Pattern.compile("[" + CONTROLS + "]");
  private static final Pattern HARMFUL = Pattern.compile("[" + CONTROLS + "&&[^\\n\\t]]");

  private PlainText() {}

  /** Whether a text is one line without harmful characters. */
  public static boolean isPlain(String text) {
    return !NOT_PLAIN.matcher(text).find();
  }

  /** The text with U+FFFD for each harmful character; line breaks stay. */
  public static String of(String text) {
    return text == null ? null : HARMFUL.matcher(text).replaceAll("\uFFFD");
  }

  /**
   * The text in one line, with U+FFFD for each harmful character.
   *
   * @param most the largest length in characters; the rest is cut off
   */
  public static String line(String text, int most) {
    String line = of(text.replaceAll("\\s+", " ")).strip();
    if (line.length() <= most) {
      return line;
    }
    boolean halved = Character.isHighSurrogate(line.charAt(most - 1));
    return line.substring(0, halved ? most - 1 : most) + "…";
  }
}
