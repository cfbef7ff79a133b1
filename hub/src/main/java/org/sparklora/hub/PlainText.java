package org.sparklora.hub;

import java.util.stream.Collectors;

/**
 * Makes untrusted text (names, cards, error bodies) safe for a terminal or a log: without
 * characters that control a terminal, or that make a line read as another one.
 */
public final class PlainText {
  private static final String UNPRINTABLE = "\uFFFD";

  private PlainText() {}

  /** Whether {@code c} controls the terminal, except line feed and tab, or the text direction. */
  private static boolean isHarmful(int c) {
    return c != '\n' && c != '\t' && Character.isISOControl(c)
        || c == 0x61C
        || c == 0x200E
        || c == 0x200F
        || c >= 0x2028 && c <= 0x202E
        || c >= 0x2066 && c <= 0x2069;
  }

  /** Whether a text is one line without harmful characters. */
  public static boolean isPlain(String text) {
    return text.codePoints().noneMatch(c -> isHarmful(c) || c == '\n' || c == '\t');
  }

  /** The text with U+FFFD for each harmful character; line breaks stay. */
  public static String of(String text) {
    if (text == null || text.codePoints().noneMatch(PlainText::isHarmful)) {
      return text;
    }
    return text.codePoints()
        .mapToObj(c -> isHarmful(c) ? UNPRINTABLE : Character.toString(c))
        .collect(Collectors.joining());
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
