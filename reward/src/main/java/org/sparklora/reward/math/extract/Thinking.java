package org.sparklora.reward.math.extract;

/** Cuts a model's thinking out of its completion. */
public final class Thinking {
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";

  private Thinking() {}

  /** From each first opening tag to the first closing one after it; without nesting. */
  public static String strip(String completion) {
    int open = completion.indexOf(OPEN);
    if (open < 0 || completion.indexOf(CLOSE, open) < 0) {
      return completion;
    }
    StringBuilder text = new StringBuilder(completion);
    int close = text.indexOf(CLOSE, open);
    while (open >= 0 && close >= 0) {
      text.delete(open, close + CLOSE.length());
      // Cutting may have joined a new tag across the gap.
      open = text.indexOf(OPEN, Math.max(0, open - OPEN.length()));
      close = open < 0 ? -1 : text.indexOf(CLOSE, open);
    }
    return text.toString();
  }
}
