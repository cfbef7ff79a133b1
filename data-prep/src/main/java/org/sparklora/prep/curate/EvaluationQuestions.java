package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The questions of evaluation sets, and the search for them in texts. A question of at least {@link
 * #GRAM} words is found by any {@link #GRAM} words in a row that a text has too, a shorter one
 * where a text contains all of its words in a row. Words are those of {@link Words}, so numbers
 * count and punctuation does not.
 *
 * <p>N-grams are compared by hashes of 64 bits: among 10^12 words of text and 10^6 n-grams, the
 * expected number of false hits is below 0.1. A plain class of arrays, which any serialiser of
 * Spark writes; immutable once built.
 */
final class EvaluationQuestions implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Number of words in a row that a text and a question may not share, as for GPT-3. */
  static final int GRAM = 13;

  /** Shorter questions occur in texts by chance. */
  static final int LEAST_WORDS = 5;

  private static final int FILTER_BITS_A_KEY = 16;

  private final String[] sets; // by question
  private final long[] rows; // by question
  private final long[] keys; // open addressing; 0: free
  private final int[] questions; // beside keys
  private final long[] filter; // one bit a key, small enough for a CPU's cache
  private final boolean[] lengths; // of the n-grams in keys

  /** The question that a text has, and whether all of it. */
  record Match(String set, long row, boolean whole) {}

  private EvaluationQuestions(Builder from) {
    sets = from.sets.toArray(String[]::new);
    rows = from.rows.stream().mapToLong(Long::longValue).toArray();
    lengths = from.lengths;
    keys = new long[Math.max(2, Integer.highestOneBit(from.grams.size()) * 4)];
    questions = new int[keys.length];
    filter = new long[Math.max(1, keys.length / 4 * FILTER_BITS_A_KEY / Long.SIZE)];
    from.grams.forEach(this::put);
  }

  private void put(long gram, int question) {
    int bit = (int) (gram >>> 32) & filter.length * Long.SIZE - 1;
    filter[bit >> 6] |= 1L << bit;
    int slot = slot(gram);
    keys[slot] = gram;
    questions[slot] = question;
  }

  private int slot(long gram) {
    int slot = (int) gram & keys.length - 1;
    while (keys[slot] != 0 && keys[slot] != gram) {
      slot = slot + 1 & keys.length - 1;
    }
    return slot;
  }

  /** The first question in a text, or empty. */
  Optional<Match> find(Words text) {
    int mask = filter.length * Long.SIZE - 1;
    for (int from = 0; from + LEAST_WORDS <= text.count(); from++) {
      for (int length = Math.min(GRAM, text.count() - from); length >= LEAST_WORDS; length--) {
        if (!lengths[length]) {
          continue;
        }
        long gram = text.gram(from, length);
        int bit = (int) (gram >>> 32) & mask;
        if ((filter[bit >> 6] & 1L << bit) != 0) {
          int slot = slot(gram);
          if (keys[slot] == gram && gram != 0) {
            int question = questions[slot];
            return Optional.of(new Match(sets[question], rows[question], length < GRAM));
          }
        }
      }
    }
    return Optional.empty();
  }

  /** Collects questions. Not thread-safe. */
  static final class Builder {
    private final List<String> sets = new ArrayList<>(); // by question
    private final List<Long> rows = new ArrayList<>(); // by question
    private final Map<Long, Integer> grams = new HashMap<>(); // with the first question of each
    private final boolean[] lengths = new boolean[GRAM + 1];
    private long tooShort;

    /**
     * Adds a question, unless it has fewer than {@link #LEAST_WORDS} words.
     *
     * @param row its row in the evaluation set
     */
    void add(String set, long row, String question) {
      Words words = Words.of(NormalisedText.of(question));
      if (words.count() < LEAST_WORDS) {
        tooShort++;
        return;
      }
      int length = Math.min(GRAM, words.count());
      lengths[length] = true;
      for (int from = 0; from + length <= words.count(); from++) {
        grams.putIfAbsent(words.gram(from, length), size());
      }
      sets.add(set);
      rows.add(row);
    }

    /** Questions that are searched for. */
    int size() {
      return sets.size();
    }

    /** Questions that were left out. */
    long tooShort() {
      return tooShort;
    }

    EvaluationQuestions build() {
      return new EvaluationQuestions(this);
    }
  }
}
