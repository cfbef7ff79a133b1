package org.sparklora.spark.quickstart;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.sparklora.spark.quickstart.ArithmeticProblems.Problem;
import org.sparklora.spark.quickstart.ArithmeticProblems.Sum;

/**
 * What the quickstart's base model is trained on: problems with answers that are right and boxed,
 * right and not boxed, or guesses; and some rows of GSM8K, so that it has seen other text.
 *
 * <p>Sums are right wherever they are written out, so that the model learns them. How a problem is
 * answered is drawn without regard to the problem, so that the model cannot tell where it will be
 * unreliable. Reinforcement then makes it reliable without teaching it anything new; sums that the
 * model does not know, neither an adapter nor full fine-tuning would bring it.
 *
 * <p>Deterministic: the same number of problems gives the same file.
 */
public final class BaseCorpus {
  private static final long SEED = 1;
  private static final double RELIABLE_SHARE = 0.35;
  private static final double UNBOXED_SHARE = 0.3;

  private static final String TELL = "Tell me a problem and its answer.";

  private BaseCorpus() {}

  /**
   * Writes conversations as JSON lines.
   *
   * @param count of problems
   * @param gsm8k rows of question and answer, gzipped JSON lines; all of them are written
   */
  public static void write(Path file, int count, Path gsm8k) throws IOException {
    ArithmeticProblems problems = new ArithmeticProblems(SEED);
    SplittableRandom random = new SplittableRandom(SEED);
    try (BufferedWriter out = Files.newBufferedWriter(file)) {
      for (int number = 0; number < count; number++) {
        Problem problem = problems.get(number);
        Conversations.write(out, problem.question(), answer(problem.sum(), random));
      }
      for (Gsm8kRows.Row row : Gsm8kRows.read(gsm8k)) {
        // as an answer, since the loss is that of answers
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
