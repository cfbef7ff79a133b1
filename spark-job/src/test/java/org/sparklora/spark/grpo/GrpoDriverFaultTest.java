package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.ChildJvm;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;

/** Drivers in JVMs of their own, killed between the stages of a round and anywhere else. */
class GrpoDriverFaultTest {
  private static final int ROUNDS = 20;

  @TempDir private Path folder;

  @Test
  void killedDriversRunGoesOnAsIfNothingHadHappened() throws Exception {
    Path model = TestModels.copy("llama-tiny", folder);
    GrpoRun whole =
        GrpoRun.tiny(model, folder.resolve("whole"), "--use_peft", "--lora_dropout", "0.1")
            .with("--max_steps", Integer.toString(2 * ROUNDS), "--logging_steps", "3")
            .with("--log_completions", "--num_completions_to_print", "0")
            .with("--save_strategy", "steps", "--save_steps", "5", "--save_total_limit", "2");
    try (SparkSession spark = TestSpark.open(2)) {
      whole.run(spark);
    }
    GrpoRun run = whole.into(folder.resolve("killed"), "--resume_from_checkpoint", "true");
    Random random = new Random();
    long seed = random.nextLong(); // another moment each time; reported if it matters
    random.setSeed(seed);
    String[] moments = {
      "rounds/round-0002/generations", "rounds/round-0009/advantages", "checkpoint-25"
    };
    for (String moment : moments) {
      ChildJvm driver = ChildJvm.start(folder.resolve("killed.log"), "grpo", run.arguments());
      driver.await(run.output().resolve(moment));
      Thread.sleep(moment.equals(moments[2]) ? random.nextInt(400) : 0);
      driver.kill();
      assertThat(run.output().resolve("adapter_config.json")).doesNotExist();
    }
    try (SparkSession spark = TestSpark.open(2)) {
      run.run(spark);
    }

    assertThat(run.weights()).as("seed %d", seed).isEqualTo(whole.weights());
    assertThat(run.history()).as("seed %d", seed).isEqualTo(whole.history());
    assertThat(run.metrics()).as("seed %d", seed).isEqualTo(whole.metrics());
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(run.advantages(round)).as("round %d", round).isEqualTo(whole.advantages(round));
    }
    assertThat(run.names()).isEqualTo(whole.names());
    assertThat(names(run.output().resolve("completions")))
        .hasSize(2 * ROUNDS / 3)
        .isEqualTo(names(whole.output().resolve("completions")));
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }
}
