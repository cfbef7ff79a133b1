package org.sparklora.spark.quickstart;

import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Generated problems of one addition or subtraction. The quickstart's base model was trained on
 * them; reinforcement learning makes its answers reliable.
 *
 * <p>Deterministic: problem n depends only on the seed and n. Thread-safe.
 *
 * @param seed of the generator
 */
record ArithmeticProblems(long seed) {
  private static final int SMALLEST = 1;

  /** Largest operand. */
  static final int LARGEST = 10;

  private static final List<String> QUESTIONS =
      List.of("What is %s?", "Compute %s.", "How much is %s?", "Work out %s.", "%s = ?");

  /** Problem number {@code index}, from 0. */
  Problem get(long index) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E37_79B9_7F4A_7C15L + index);
    Sum sum = Sum.draw(random);
    String question = QUESTIONS.get(random.nextInt(QUESTIONS.size()));
    return new Problem(String.format(Locale.ROOT, question, sum), sum);
  }

  /** The first {@code count} problems whose sums are held out, or are not. */
  List<Problem> take(boolean heldOut, int count) {
    return LongStream.iterate(0, index -> index + 1)
        .mapToObj(this::get)
        .filter(problem -> problem.sum().isHeldOut() == heldOut)
        .limit(count)
        .toList();
  }

  /** A question and the sum that it asks for. */
  record Problem(String question, Sum sum) {}

  /** An addition, or a subtraction with a result of 0 or more. */
  record Sum(boolean addition, int first, int second) {
    static Sum draw(SplittableRandom random) {
      int one = random.nextInt(SMALLEST, LARGEST + 1);
      int other = random.nextInt(SMALLEST, LARGEST + 1);
      return random.nextBoolean()
          ? new Sum(true, one, other)
          : new Sum(false, Math.max(one, other), Math.min(one, other));
    }

    int result() {
      return addition ? first + second : first - second;
    }

    /**
     * Whether this sum is held out of reinforcement learning, as about one in seven. The base model
     * is trained on all sums.
     */
    boolean isHeldOut() {
      return (3 * first + second) % 7 == 0;
    }

    /** Such as {@code 7 - 5}. */
    @Override
    public String toString() {
      return "%s %s %s".formatted(first, addition ? "+" : "-", second);
    }
  }
}
