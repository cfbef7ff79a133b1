package org.sparklora.text.bpe;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * Text after normalisation and, for each of its characters, the characters of the original that it
 * came from.
 *
 * @param text the normalised text
 * @param starts first original character of each character; empty if the text is unchanged
 * @param ends one past the last original character of each; empty if unchanged; arrays are not
 *     copied
 */
record AlignedText(String text, int[] starts, int[] ends) {
  private static final int[] UNCHANGED = {};

  static AlignedText of(String original) {
    return new AlignedText(original, UNCHANGED, UNCHANGED);
  }

  int start(int i) {
    return starts.length == 0 ? i : starts[i];
  }

  int end(int i) {
    return ends.length == 0 ? i + 1 : ends[i];
  }

  /** The characters {@code [from, to)}, with their places in the same original. */
  AlignedText slice(int from, int to) {
    return from == 0 && to == text.length()
        ? this
        : new AlignedText(
            text.substring(from, to),
            IntStream.range(from, to).map(this::start).toArray(),
            IntStream.range(from, to).map(this::end).toArray());
  }

  /** Collects a changed text run by run. */
  static final class Builder {
    private static final int MAX_LENGTH = 1 << 26;

    private final AlignedText before;
    private final StringBuilder text = new StringBuilder();
    private int[] starts;
    private int[] ends;

    Builder(AlignedText before) {
      this.before = before;
      this.starts = new int[before.text.length() + 16];
      this.ends = new int[starts.length];
    }

    /**
     * Appends the replacement of {@code before[from, to)}. If the length is equal, each character
     * keeps its position; if not, every character covers the whole run. An insertion, with {@code
     * from == to}, has the position of the next character, at the end of the text of the last one.
     */
    void append(String replacement, int from, int to) {
      int n = text.length();
      int length = replacement.length();
      if (length > MAX_LENGTH - n) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "Cannot normalise a text: the normalizer of tokenizer.json makes more than %,d characters of it; leave the text out",
                MAX_LENGTH));
      }
      if (n + length > starts.length) {
        starts = Arrays.copyOf(starts, 2 * (n + length));
        ends = Arrays.copyOf(ends, starts.length);
      }
      text.append(replacement);
      for (int k = 0; k < length; k++) {
        int first = length == to - from ? from + k : Math.min(from, before.text.length() - 1);
        int last = length == to - from ? from + k : Math.max(first, to - 1);
        starts[n + k] = first < 0 ? 0 : before.start(first); // -1 in an empty text
        ends[n + k] = last < 0 ? 0 : before.end(last);
      }
    }

    /** Appends {@code before[from, to)} as it is. */
    void keep(int from, int to) {
      append(before.text.substring(from, to), from, to);
    }

    AlignedText build() {
      return new AlignedText(text.toString(), starts, ends);
    }
  }
}
