package org.sparklora.pipeline.config;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The known word that a mistyped one most likely stands for. Two names are compared as texts, by
 * edits relative to their length and regardless of case, dashes and underscores, and as words, in
 * any order; the better of the two counts.
 */
public final class Nearest {
  /** Below this a suggestion misleads more often than it helps. */
  private static final double LEAST_SIMILARITY = 0.5;

  /** Words of a name are the same up to a slip. */
  private static final double SAME_WORD = 0.7;

  private static final int SHORTEST_PREFIX = 3;

  /** The same words are a little less than the same text. */
  private static final double WEIGHT_OF_WORDS = 0.95;

  /** Decides between names that share as many words. */
  private static final double TIE_BREAK = 0.01;

  private Nearest() {}

  /** The nearest, if any is near. */
  public static Optional<String> of(String typed, Collection<String> known) {
    return known.stream()
        .max(Comparator.comparingDouble(name -> similarity(typed, name)))
        .filter(name -> similarity(typed, name) >= LEAST_SIMILARITY);
  }

  /** From 0 to about 1. */
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
    return 1 - (double) EditDistance.between(a, b) / Math.max(1, Math.max(a.length(), b.length()));
  }

  /** Dice's coefficient: shared words among all. */
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
}
