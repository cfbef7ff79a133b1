package org.sparklora.prep.curate;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The words of a normalised text, as hashes of 64 bits, and the hashes of its n-grams. A word is a
 * run of letters, digits, combining marks and characters above U+FFFF. An ideograph, a symbol
 * ({@code + < = ^ $} and others of Unicode's category S) and each of {@code - * / %} is a word of
 * its own, so that {@code 2 + 3} and {@code 2 - 3} differ. Other punctuation only separates.
 *
 * <p>The hash of an n-gram is a polynomial of its words' hashes, computed in constant time as the
 * difference of two prefixes. Immutable.
 *
 * @param prefixes of the first i words; only {@code count + 1} of them are set
 */
record Words(long[] prefixes, int count) {
  private static final long BASE = 0x9E3779B97F4A7C15L | 1;
  private static final int LONGEST_GRAM = 64;
  private static final long[] POWERS = new long[LONGEST_GRAM + 1];
  private static final byte APART = 0;
  private static final byte PART = 1;
  private static final byte WHOLE = 2;
  private static final byte[] KINDS = new byte[Character.MAX_VALUE + 1]; // by char

  static {
    POWERS[0] = 1;
    for (int i = 1; i <= LONGEST_GRAM; i++) {
      POWERS[i] = POWERS[i - 1] * BASE;
    }
    for (int c = 0; c <= Character.MAX_VALUE; c++) {
      KINDS[c] = kind((char) c);
    }
  }

  private static byte kind(char c) {
    return switch (Character.getType(c)) {
      case Character.MATH_SYMBOL,
              Character.CURRENCY_SYMBOL,
              Character.MODIFIER_SYMBOL,
              Character.OTHER_SYMBOL ->
          WHOLE;
      case Character.NON_SPACING_MARK,
              Character.COMBINING_SPACING_MARK,
              Character.ENCLOSING_MARK,
              Character.SURROGATE ->
          PART;
      default ->
          "-*/%".indexOf(c) >= 0 || Character.isIdeographic(c)
              ? WHOLE
              : Character.isLetterOrDigit(c) ? PART : APART;
    };
  }

  static Words of(String text) {
    long[] prefixes = new long[text.length() / 4 + 2];
    int count = 0;
    int i = 0;
    while (i < text.length()) {
      byte kind = KINDS[text.charAt(i)];
      if (kind == APART) {
        i++;
        continue;
      }
      long hash = text.charAt(i++);
      while (kind == PART && i < text.length() && KINDS[text.charAt(i)] == PART) {
        hash = hash * 0x100000001B3L + text.charAt(i++);
      }
      if (count + 2 > prefixes.length) {
        prefixes = Arrays.copyOf(prefixes, 2 * prefixes.length);
      }
      prefixes[count + 1] = prefixes[count] * BASE + mixed(hash);
      count++;
    }
    return new Words(prefixes, count);
  }

  /** Spreads each bit over all 64, as SplittableRandom does. */
  static long mixed(long hash) {
    long z = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** The hash of {@code length} words from word {@code from}; it depends on both. */
  long gram(int from, int length) {
    return mixed(prefixes[from + length] - prefixes[from] * POWERS[length] + length);
  }

  /**
   * The set of n-grams, sorted; a shorter text has one shingle, all of its words, and a text
   * without words none.
   */
  long[] shingles(int n) {
    if (count <= n) {
      return count == 0 ? new long[0] : new long[] {gram(0, count)};
    }
    long[] all = new long[count - n + 1];
    for (int i = 0; i < all.length; i++) {
      all[i] = gram(i, n);
    }
    Arrays.sort(all);
    int distinct = 1;
    for (int i = 1; i < all.length; i++) {
      if (all[i] != all[distinct - 1]) {
        all[distinct++] = all[i];
      }
    }
    return Arrays.copyOf(all, distinct);
  }

  /** Sorted shingles as a column of bytes holds them. */
  static byte[] pack(long[] shingles) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * shingles.length);
    bytes.asLongBuffer().put(shingles);
    return bytes.array();
  }

  static long[] unpack(byte[] bytes) {
    long[] shingles = new long[bytes.length / Long.BYTES];
    ByteBuffer.wrap(bytes).asLongBuffer().get(shingles);
    return shingles;
  }

  /** Whether {@link #jaccard} of two packed sets is at least {@code threshold}. */
  static boolean areSimilar(byte[] a, byte[] b, double threshold) {
    int fewer = Math.min(a.length, b.length);
    return fewer >= threshold * Math.max(a.length, b.length)
        && jaccard(unpack(a), unpack(b)) >= threshold;
  }

  /** The Jaccard similarity, {@code |A ∩ B| / |A ∪ B|}; not both may be empty. */
  static double jaccard(long[] a, long[] b) {
    int common = 0;
    int i = 0;
    int j = 0;
    while (i < a.length && j < b.length) {
      if (a[i] == b[j]) {
        common++;
        i++;
        j++;
      } else if (a[i] < b[j]) {
        i++;
      } else {
        j++;
      }
    }
    return (double) common / (a.length + b.length - common);
  }
}
