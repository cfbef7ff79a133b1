package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The questions of evaluation sets, and the search for them in texts. A question of at least {@link
 * #GRAM} words is found by any {@link #GRAM} words in a row that a text has too, a shorter one
 * where a text contains all of its words in a row. Words are those of {@link Words}, so numbers
 * count and punctuation does not.
 *
 * <p>N-grams are compared by hashes of 64 bits: among 10^12 words of text and 10^6 n-grams, the
 * expected number of false hits is below 0.1. A plain class of arrays, which any serialiser of
 * Spark writes. Immutable.
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
  private final boolean[] lengths = new boolean[GRAM + 1]; // of the n-grams in keys
  private final long tooShort;

  record Question(String set, long row, String text) {}

  /** The question that a text has, and whether all of it. */
  record Match(String set, long row, boolean whole) {}

  /** The questions of at least {@link #LEAST_WORDS} words. */
  EvaluationQuestions(List<Question> all) {
    List<Question> searched = new ArrayList<>();
    Map<Long, Integer> grams = new HashMap<>(); // with the first question of each
    for (Question question : all) {
      Words words = Words.of(NormalisedText.of(question.text));
      if (words.count() >= LEAST_WORDS) {
        int length = Math.min(GRAM, words.count());
        lengths[length] = true;
        for (int from = 0; from + length <= words.count(); from++) {
          grams.putIfAbsent(words.gram(from, length), searched.size());
        }
        searched.add(question);
      }
    }
    tooShort = all.size() - searched.size();
    sets = searched.stream().map(Question::set).toArray(String[]::new);
    rows = searched.stream().mapToLong(Question::row).toArray();
    keys = new long[Math.max(2, Integer.highestOneBit(grams.size()) * 4)];
    questions = new int[keys.length];
    filter = new long[Math.max(1, keys.length / 4 * FILTER_BITS_A_KEY / Long.SIZE)];
    grams.forEach(this::put);
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

  /** Numbers of the questions that are searched for, and of those that were left out. */
  Map<String, Long> counts() {
    return new TreeMap<>(Map.of("compared", (long) sets.length, "too_short", tooShort));
  }
}
