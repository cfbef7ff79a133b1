package org.sparklora.spark.quickstart;

import java.util.List;
import java.util.SplittableRandom;

/**
 * Generated word problems of one addition or subtraction with results from 0 to 99: what the
 * quickstart's base model was trained on.
 *
 * <p>Some answers are wrong and some lack the box on purpose. A model trained on them can do the
 * sums but is unreliable, which leaves something for fine-tuning to improve.
 *
 * <p>Deterministic: problem n depends only on the seed and n. Thread-safe.
 *
 * @param seed of the generator
 * @param wrongShare share of answers that are off, from 0 to 1
 * @param unboxedShare share of answers without {@code \boxed{}}, from 0 to 1
 */
public record ArithmeticProblems(long seed, double wrongShare, double unboxedShare) {

  private static final List<String> NAMES =
      List.of(
          "Ada", "Ben", "Carla", "Dev", "Emma", "Finn", "Gita", "Hugo", "Ines", "Jan", "Kofi",
          "Lena", "Mei", "Noah", "Olga", "Pablo", "Quinn", "Rosa", "Sam", "Tara", "Uma", "Vera",
          "Will", "Yuki", "Zoe");
  private static final List<String> THINGS =
      List.of(
          "apples",
          "books",
          "coins",
          "marbles",
          "pencils",
          "stamps",
          "cookies",
          "shells",
          "cards",
          "eggs",
          "flowers",
          "tickets",
          "stickers",
          "balloons",
          "buttons",
          "stones");

  /** Problems in which the second number is added: name, first number, things, second number. */
  private static final List<String> GAINS =
      List.of(
          "%1$s has %2$d %3$s and buys %4$d more. How many %3$s does %1$s have now?",
          "%1$s found %2$d %3$s in the morning and %4$d %3$s in the evening. How many %3$s did %1$s find in total?",
          "There are %2$d %3$s on the table. %1$s adds %4$d. How many %3$s are on the table now?",
          "%1$s collected %2$d %3$s last week and %4$d %3$s this week. How many is that altogether?",
          "A box holds %2$d %3$s and a bag holds %4$d. %1$s takes both. How many %3$s is that?");

  /** Problems in which the second number is taken away. */
  private static final List<String> LOSSES =
      List.of(
          "%1$s has %2$d %3$s and gives %4$d to a friend. How many %3$s are left?",
          "%1$s had %2$d %3$s but lost %4$d of them. How many %3$s does %1$s still have?",
          "There were %2$d %3$s in the shop. %1$s bought %4$d. How many %3$s remain in the shop?",
          "%1$s needs %2$d %3$s and already has %4$d. How many more %3$s does %1$s need?",
          "Of %2$d %3$s, %4$d belong to %1$s. How many %3$s belong to others?");

  public ArithmeticProblems {
    if (!(wrongShare >= 0 && wrongShare <= 1 && unboxedShare >= 0 && unboxedShare <= 1)) {
      throw new IllegalArgumentException(
          "Cannot generate problems with shares %s wrong and %s unboxed: a share is between 0 and 1"
              .formatted(wrongShare, unboxedShare));
    }
  }

  /** Problem number {@code index}, from 0. */
  public Problem get(long index) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E37_79B9_7F4A_7C15L + index);
    boolean gain = random.nextBoolean();
    int result = random.nextInt(gain ? 1 : 0, 100);
    int second = random.nextInt(1, gain ? result + 1 : 100 - result + 1);
    int first = gain ? result - second : result + second;
    List<String> stories = gain ? GAINS : LOSSES;
    String question =
        stories
            .get(random.nextInt(stories.size()))
            .formatted(pick(NAMES, random), first, pick(THINGS, random), second);
    int given = random.nextDouble() < wrongShare ? wrong(result, random) : result;
    String sum = "%d %s %d = %d".formatted(first, gain ? "+" : "-", second, given);
    String answer =
        sum + (random.nextDouble() < unboxedShare ? "." : ". \\boxed{%d}".formatted(given));
    return new Problem(question, answer, result);
  }

  private static String pick(List<String> list, SplittableRandom random) {
    return list.get(random.nextInt(list.size()));
  }

  /** A slip of the kind people make: one off, ten off, or the digits swapped. */
  private static int wrong(int result, SplittableRandom random) {
    int slip =
        switch (random.nextInt(3)) {
          case 0 -> result + (result == 0 || random.nextBoolean() ? 1 : -1);
          case 1 -> result + (result < 10 || random.nextBoolean() ? 10 : -10);
          default -> result % 10 * 10 + result / 10;
        };
    return slip == result ? result + 1 : slip;
  }

  /**
   * A problem.
   *
   * @param answer what the training row says, right or wrong
   * @param result the right result
   */
  public record Problem(String question, String answer, int result) {}
}
