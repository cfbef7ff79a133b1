package org.sparklora.spark.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.LocalCluster;
import org.sparklora.spark.cli.LoggedRun;

/**
 * {@code sweep} on two executors that are JVMs of their own finds what one JVM finds, to the last
 * bit of {@code results.json}, also when one is killed while it trains a trial.
 */
class SweepClusterIT {
  private static final int TRAINING_ROWS = 100;
  private static final int TEST_ROWS = 20;
  private static final LocalCluster CLUSTER = LocalCluster.of(2, 1, 2048);
  private static final String SWEEP =
      """
      finding: learning-rate
      command: sft
      base: {model_name_or_path: %s, dataset_name: %s, lora_target_modules: all-linear, packing: true,
        max_length: 128, max_steps: 6, per_device_train_batch_size: 4, lr_scheduler_type: constant,
        logging_steps: 1, eval_strategy: steps, eval_steps: 3, save_steps: 2}
      axes: {learning_rate: [1e-3, 1e-2]}
      zip: [{use_peft: [true, false], lora_r: [4, null]}]
      metric: {name: eval_loss, goal: min}
      """;

  @TempDir private static Path folder;

  private record Sweep(Path output, List<String> flags) implements LoggedRun {
    Sweep(String name) {
      this(folder.resolve(name), List.of("--config", folder.resolve("sweep.yaml").toString()));
    }

    void assertSameAsLocal() {
      assertThat(output.resolve("results.json"))
          .hasSameTextualContentAs(folder.resolve("local/results.json"));
    }

    boolean hasATrialWith(String name) throws IOException {
      Path trials = output.resolve("trials");
      if (!Files.exists(trials)) {
        return false;
      }
      try (Stream<Path> each = Files.list(trials)) {
        return each.anyMatch(trial -> Files.exists(trial.resolve(name)));
      }
    }
  }

  @BeforeAll
  static void sweepInOneJvm() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    List<String> rows = LocalCluster.rows("gsm8k_train.jsonl.gz");
    Files.write(data.resolve("train.jsonl"), rows.subList(0, TRAINING_ROWS));
    Files.write(data.resolve("test.jsonl"), rows.subList(TRAINING_ROWS, TRAINING_ROWS + TEST_ROWS));
    Files.writeString(
        folder.resolve("sweep.yaml"),
        SWEEP.formatted(LocalCluster.QUICKSTART.resolve("base"), data));
    assertThat(CommandRun.ofLocal("sweep", new Sweep("local").arguments())).isZero();
  }

  @Test
  void theResultsOutliveAnExecutor() throws Exception {
    Sweep sweep = new Sweep("killed");
    CLUSTER.runLosingAnExecutor(
        "sweep",
        sweep,
        () -> sweep.hasATrialWith("checkpoint-2"),
        () -> sweep.hasATrialWith("trainer_state.json"));

    sweep.assertSameAsLocal();
  }
}
