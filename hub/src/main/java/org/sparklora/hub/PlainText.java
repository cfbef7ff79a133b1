package org.sparklora.hub;

/**
 * Text of strangers (names, cards, error bodies) as a terminal or a log may show it: without bytes
 * that steer one, or that let a line read as another one.
 */
public final class PlainText {
  private static final String UNPRINTABLE = "\uFFFD";

  private PlainText() {}

  /** Controls but line feed and tab, C1's among them, and what turns the direction of a line. */
  private static boolean isHarmful(int c) {
    return c != '\n' && c != '\t' && Character.isISOControl(c)
        || c == 0x61C
        || c == 0x200E
        || c == 0x200F
        || c >= 0x2028 && c <= 0x202E
        || c >= 0x2066 && c <= 0x2069;
  }

  /** Whether nothing in a text would have to be replaced. */
  public static boolean isPlain(String text) {
    return text.codePoints().noneMatch(c -> isHarmful(c) || c == '\n' || c == '\t');
  }

  /** The text with a sign in the place of each such character; its lines stay. */
  public static String of(String text) {
    if (text == null || text.codePoints().noneMatch(PlainText::isHarmful)) {
      return text;
    }
    StringBuilder plain = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (isHarmful(c)) {
                plain.append(UNPRINTABLE);
              } else {
                plain.appendCodePoint(c);
              }
            });
    return plain.toString();
  }

  /**
   * The same in one line.
   *
   * @param most characters, behind which the rest is left out
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
