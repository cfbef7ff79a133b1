package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.LocalCluster;
import org.sparklora.spark.cli.SameRun;

/**
 * {@code grpo} of the quickstart's model on two executors that are JVMs of their own: completions,
 * rewards, log and adapter are those of one JVM, to the last bit, also when an executor is killed.
 */
class GrpoClusterIT {
  private static final int STEPS = 3;
  private static final LocalCluster CLUSTER = LocalCluster.of(2, 1, 2048);

  @TempDir private static Path folder;
  private static GrpoRun local;

  /** The model solves some of the problems. Rounds are large: there is time to kill in. */
  @BeforeAll
  static void runInOneJvm() throws IOException {
    StringBuilder problems = new StringBuilder();
    for (int first = 1; first < 10; first++) {
      for (int second = 1; second < 10; second++) {
        problems.append(
            """
            {"question": "Ada has %d coins and buys %d more. How many coins does Ada have now?", \
            "answer": "#### %d"}
            """
                .formatted(first, second, first + second));
      }
    }
    Files.writeString(folder.resolve("problems.jsonl"), problems);
    local = grpo("local");
    assertThat(CommandRun.ofLocal("grpo", local.arguments())).isZero();
    assertThat(local.log())
        .as("else there is nothing to compare")
        .anyMatch(
            row -> row.path("reward_std").asDouble() > 0 && row.path("grad_norm").asDouble() > 0);
  }

  private static GrpoRun grpo(String name) {
    return new GrpoRun(
        folder.resolve(name),
        CommandRun.words(
            """
            --model_name_or_path %s --dataset_name %s --prompts_dir %s
            --use_peft --lora_r 4 --lora_target_modules all-linear --learning_rate 1e-3
            --num_generations 8 --per_device_train_batch_size 8 --gradient_accumulation_steps 16
            --max_completion_length 48 --max_steps %s --logging_steps 1
            --log_completions --num_completions_to_print 0 --save_strategy no
            """,
            LocalCluster.QUICKSTART.resolve("base"),
            folder.resolve("problems.jsonl"),
            folder.resolve("prompts"),
            STEPS));
  }

  private static GrpoRun onTwoWorkers(String name) {
    return grpo(name).with("--num_workers", "2");
  }

  /** The tables of the rounds also hold how long each completion took to judge. */
  private static void assertSameAsLocal(GrpoRun run) throws IOException {
    for (int round = 0; round < STEPS; round++) {
      assertThat(run.advantages(round)).isNotEmpty().isEqualTo(local.advantages(round));
    }
    SameRun.assertSame(run.output(), local.output(), "rounds");
  }

  /** The second round begins when the first step is logged, with its completions. */
  @Test
  void theRunOutlivesAnExecutorThatGenerates() throws Exception {
    GrpoRun run = onTwoWorkers("generates");
    outlivesAnExecutor(run, () -> run.rowsLogged() >= 1, () -> hasTable(run, "generations"));
  }

  /** Its update begins when their advantages are there, and ends with the second step. */
  @Test
  void theRunOutlivesAnExecutorThatComputesGradients() throws Exception {
    GrpoRun run = onTwoWorkers("updates");
    outlivesAnExecutor(run, () -> hasTable(run, "advantages"), () -> run.rowsLogged() >= 2);
  }

  private static void outlivesAnExecutor(
      GrpoRun run, Callable<Boolean> begun, Callable<Boolean> done) throws Exception {
    CLUSTER.runLosingAnExecutor("grpo", run, begun, done);

    assertSameAsLocal(run);
  }

  /**
   * One executor draws the next round while the other trains; either may be the one that is lost.
   */
  @Test
  void theRunOutlivesAnExecutorWhileRoundsAreDrawnAhead() throws Exception {
    GrpoRun here = grpo("ahead-local").with("--max_staleness", "1");
    assertThat(CommandRun.ofLocal("grpo", here.arguments())).isZero();
    GrpoRun run = here.into(folder.resolve("ahead"), "--num_workers", "2", "--num_generators", "1");

    CLUSTER.runLosingAnExecutor(
        "grpo", run, () -> hasTable(run, "generations"), () -> run.rowsLogged() >= 2);

    for (int round = 0; round < STEPS; round++) {
      assertThat(run.advantages(round)).isNotEmpty().isEqualTo(here.advantages(round));
    }
    SameRun.assertSame(run.output(), here.output(), "rounds");
  }

  private static boolean hasTable(GrpoRun run, String name) {
    return Files.isDirectory(run.output().resolve("rounds/round-0001").resolve(name));
  }
}
