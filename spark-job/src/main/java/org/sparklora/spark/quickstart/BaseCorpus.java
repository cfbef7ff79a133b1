package org.sparklora.spark.quickstart;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.sparklora.spark.quickstart.ArithmeticProblems.Problem;
import org.sparklora.spark.quickstart.ArithmeticProblems.Sum;

/**
 * The training data of the quickstart's base model: problems with answers that are right and boxed,
 * right and not boxed, or guesses; and some rows of GSM8K, for other text.
 *
 * <p>Written-out sums are always right, so that the model learns them. The kind of answer is drawn
 * independently of the problem, so that the model cannot predict it. Reinforcement learning then
 * makes the model reliable without teaching it new sums; neither an adapter nor full fine-tuning
 * would learn those in the quickstart.
 *
 * <p>Deterministic: the same number of problems gives the same file.
 */
public final class BaseCorpus {
  private static final long SEED = 1;
  private static final double RELIABLE_SHARE = 0.35;
  private static final double UNBOXED_SHARE = 0.3;

  private static final String TELL = "Tell me a problem and its answer.";

  private BaseCorpus() {}

  /** Writes conversations of {@code count} problems, and of all rows of GSM8K, as JSON lines. */
  public static void write(Path file, int count, Path gsm8k) throws IOException {
    ArithmeticProblems problems = new ArithmeticProblems(SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int number = 0; number < count; number++) {
        Problem problem = problems.get(number);
        Conversations.write(out, problem.question(), answer(problem.sum(), random));
      }
      for (Conversations.Row row : Conversations.read(gsm8k)) {
        // as an answer, since only answers have a loss
        Conversations.write(out, TELL, row.question() + "\n" + row.answer());
      }
    }
  }

  private static String answer(Sum sum, SplittableRandom random) {
    double style = random.nextDouble();
    if (style < RELIABLE_SHARE) {
      return "%s = %s. \\boxed{%s}".formatted(sum, sum.result(), sum.result());
    }
    return style < RELIABLE_SHARE + UNBOXED_SHARE
        ? "%s = %s.".formatted(sum, sum.result())
        : "About \\boxed{%s}".formatted(random.nextInt(2 * ArithmeticProblems.LARGEST + 1));
  }
}
