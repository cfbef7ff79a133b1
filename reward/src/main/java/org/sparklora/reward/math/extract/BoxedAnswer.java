package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;

/** Extracts the contents of {@code \boxed{…}} and {@code \fbox{…}}, searching from the right. */
public final class BoxedAnswer {
  private static final Pattern SEPARATOR =
      Pattern.compile("\\b(and|or)\\b|,|;", Pattern.UNICODE_CHARACTER_CLASS);

  /** Boxes with fewer characters between them are one answer. */
  private static final int NEAR = 10;

  /** Boxes with fewer characters and a separator between them are one answer. */
  private static final int NEAR_WITH_SEPARATOR = 70;

  /** Most boxes of an answer: a longer list exceeds every limit. */
  private static final int MOST_BOXES = 5_000;

  private BoxedAnswer() {}

  /** Whether a box and the next one are parts of one answer. */
  public interface Joined {
    boolean test(String between, String content, String next);
  }

  /** The contents joined by commas, or the text itself if it has no box. */
  public static String extract(String text, ExtractionTarget.Boxed mode) {
    return extract(text, mode, BoxedAnswer::belongTogether);
  }

  /** {@link #extract(String, ExtractionTarget.Boxed)} with another rule for joining boxes. */
  public static String extract(String text, ExtractionTarget.Boxed mode, Joined joined) {
    List<String> contents = new ArrayList<>();
    int limit = text.length();
    int nextBox = -1;
    int boxed = text.length();
    int framed = text.length();
    for (int boxes = 0; boxes < MOST_BOXES; boxes++) {
      // Keeps each position until passed, since a long text may hold only one kind of box.
      boxed = boxed < limit ? boxed : lastBefore(text, "\\boxed", limit);
      framed = framed < limit ? framed : lastBefore(text, "\\fbox", limit);
      int start = Math.max(boxed, framed);
      if (start < 0) {
        break;
      }
      int open = start + (boxed > framed ? 6 : 5);
      while (open < limit && Spaces.isSpace(text.charAt(open))) {
        open++;
      }
      if (open >= limit) {
        break;
      }
      int close = text.charAt(open) == '{' ? closingBrace(text, open, limit) : -1;
      if (close < 0) {
        if (contents.isEmpty()) {
          contents.add(text.substring(open));
        }
        break;
      }
      String content = Spaces.strip(text.substring(open + 1, close));
      boolean apart =
          mode == ExtractionTarget.Boxed.LAST
              && nextBox >= 0
              && !joined.test(text.substring(close + 1, nextBox), content, last(contents));
      if (apart) {
        break;
      }
      if (contents.isEmpty() || !content.equals(last(contents))) {
        contents.add(content);
      }
      nextBox = start;
      limit = start;
    }
    if (contents.isEmpty()) {
      return text;
    }
    Collections.reverse(contents);
    return String.join(",", contents);
  }

  private static int lastBefore(String text, String command, int limit) {
    return text.lastIndexOf(command, limit - command.length());
  }

  private static String last(List<String> contents) {
    return contents.isEmpty() ? "" : contents.get(contents.size() - 1);
  }

  /** The brace that closes the one at {@code open}; braces after a backslash count too. */
  private static int closingBrace(String text, int open, int limit) {
    int depth = 1;
    for (int i = open + 1; i < limit; i++) {
      char c = text.charAt(i);
      if (c == '{') {
        depth++;
      } else if (c == '}' && --depth == 0) {
        return i;
      }
    }
    return -1;
  }

  /** Math-Verify's rule. */
  public static boolean belongTogether(String between, String content, String next) {
    return between.length() < NEAR
        || !next.equals(content)
            && between.length() < NEAR_WITH_SEPARATOR
            && SEPARATOR.matcher(between).find();
  }
}
