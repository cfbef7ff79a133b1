package org.sparklora.pipeline.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * Finds the known name that a mistyped name most likely means. Names are compared as texts, by
 * edits relative to their length, regardless of case, dashes and underscores, and as words in any
 * order; the better similarity counts.
 */
public final class Nearest {
  /** Below this similarity a suggestion misleads more often than it helps. */
  private static final double LEAST_SIMILARITY = 0.5;

  /** Similarity from which two words count as the same, up to a typing error. */
  private static final double SAME_WORD = 0.7;

  private static final int SHORTEST_PREFIX = 3;

  /** Equal words count a little less than equal texts. */
  private static final double WEIGHT_OF_WORDS = 0.95;

  /** Weight of the texts' similarity, which decides between equal shares of words. */
  private static final double TIE_BREAK = 0.01;

  private Nearest() {}

  /** The nearest known name, if one is similar enough. */
  public static Optional<String> of(String typed, Collection<String> known) {
    return known.stream()
        .max(Comparator.comparingDouble(name -> similarity(typed, name)))
        .filter(name -> similarity(typed, name) >= LEAST_SIMILARITY);
  }

  /** The similarity of two names, from 0 to about 1. */
  static double similarity(String typed, String name) {
    List<String> a = words(typed);
    List<String> b = words(name);
    double asTexts = ofTexts(String.join("", a), String.join("", b));
    return Math.max(asTexts, WEIGHT_OF_WORDS * ofWords(a, b)) + TIE_BREAK * asTexts;
  }

  private static List<String> words(String name) {
    return List.of(name.toLowerCase(Locale.ROOT).split("[-_ .]+"));
  }

  private static double ofTexts(String a, String b) {
    return 1 - (double) edits(a, b) / Math.max(1, Math.max(a.length(), b.length()));
  }

  /** Dice's coefficient: the share of words that both names have. */
  private static double ofWords(List<String> a, List<String> b) {
    double shared = 0;
    for (String word : a) {
      shared += b.stream().mapToDouble(other -> ofWord(word, other)).max().orElse(0);
    }
    return 2 * Math.min(shared, b.size()) / (a.size() + b.size());
  }

  private static double ofWord(String typed, String known) {
    boolean begun = typed.length() >= SHORTEST_PREFIX && known.startsWith(typed);
    double similarity = begun ? 1 : ofTexts(typed, known);
    return similarity >= SAME_WORD ? similarity : 0;
  }

  /**
   * The fewest insertions, deletions, substitutions and exchanges of neighbours that turn one text
   * into another (Levenshtein's distance with Damerau's exchange, each character edited once).
   */
  static int edits(String a, String b) {
    int[][] distance = new int[a.length() + 1][b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      distance[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      distance[i][0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = distance[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int edited = Math.min(distance[i - 1][j], distance[i][j - 1]) + 1;
        distance[i][j] = Math.min(substituted, edited);
        if (exchanged(a, i, b, j)) {
          distance[i][j] = Math.min(distance[i][j], distance[i - 2][j - 2] + 1);
        }
      }
    }
    return distance[a.length()][b.length()];
  }

  private static boolean exchanged(String a, int i, String b, int j) {
    return i > 1
        && j > 1
        && a.charAt(i - 1) == b.charAt(j - 2)
        && a.charAt(i - 2) == b.charAt(j - 1);
  }
}
