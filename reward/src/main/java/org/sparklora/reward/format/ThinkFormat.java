package org.sparklora.reward.format;

/**
 * Whether a completion thinks before it answers: it begins with {@code <think>}, holds no second
 * one, and closes it.
 */
public final class ThinkFormat {
  private static final String OPEN = "<think>";

  private ThinkFormat() {}

  public static boolean holds(String completion) {
    return completion.startsWith(OPEN)
        && completion.indexOf(OPEN, OPEN.length()) < 0
        && completion.indexOf("</think>", OPEN.length()) >= 0;
  }
}
