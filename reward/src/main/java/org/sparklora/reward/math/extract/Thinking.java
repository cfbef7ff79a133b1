package org.sparklora.reward.math.extract;

/** Removes a model's thinking from its completion. */
public final class Thinking {
  private static final String OPEN = "<think>";
  private static final String CLOSE = "</think>";

  private Thinking() {}

  /** Removes each opening tag with all text to the end of the next closing tag; without nesting. */
  public static String strip(String completion) {
    int open = completion.indexOf(OPEN);
    if (open < 0 || completion.indexOf(CLOSE, open) < 0) {
      return completion;
    }
    // The kept text has no opening tag. Since a cut may form one, looks for it after each tag end.
    StringBuilder kept = new StringBuilder(completion.length());
    int at = 0;
    while (at < completion.length()) {
      int end = completion.indexOf('>', at) + 1;
      kept.append(completion, at, end > 0 ? end : completion.length());
      at = end > 0 ? end : completion.length();
      if (end > 0 && endsWithOpen(kept)) {
        int close = completion.indexOf(CLOSE, at);
        if (close < 0) {
          return kept.append(completion, at, completion.length()).toString();
        }
        kept.setLength(kept.length() - OPEN.length());
        at = close + CLOSE.length();
      }
    }
    return kept.toString();
  }

  private static boolean endsWithOpen(StringBuilder text) {
    int start = text.length() - OPEN.length();
    return start >= 0 && text.indexOf(OPEN, start) == start;
  }
}
