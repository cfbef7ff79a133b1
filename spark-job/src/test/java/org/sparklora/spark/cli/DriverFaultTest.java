package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;

/** Drivers in JVMs of their own, which are killed as the operating system kills. */
class DriverFaultTest extends TinyModelRuns {
  private static SftRun whole;

  @BeforeAll
  static void runUndisturbed() throws IOException {
    whole =
        SftRun.tiny(model, folder.resolve("whole"), "--use_peft", "--lora_dropout", "0.1")
            .with("--max_steps", "60", "--save_steps", "4", "--save_total_limit", "3")
            .with("--num_workers", "2", "--averaging_frequency", "3", "--logging_steps", "2")
            .run(spark);
  }

  private static ChildJvm start(SftRun run) throws IOException {
    Path log = folder.resolve(run.output().getFileName() + ".log");
    return ChildJvm.start(log, "sft", run.arguments());
  }

  private static void awaitCheckpoint(ChildJvm process, SftRun run, int step) throws Exception {
    process.await(run.output().resolve("checkpoint-" + step));
  }

  @Test
  void killedDriversRunGoesOnAsIfNothingHadHappened() throws Exception {
    SftRun run = whole.into(folder.resolve("killed")).with("--resume_from_checkpoint", "true");
    Random random = new Random();
    long seed = random.nextLong(); // another moment each time; reported if it matters
    random.setSeed(seed);
    int[] appeared = {4, 24};
    for (int step : appeared) {
      ChildJvm process = start(run);
      awaitCheckpoint(process, run, step);
      Thread.sleep(step == appeared[0] ? 0 : random.nextInt(400));
      process.kill();
      assertThat(run.output().resolve("adapter_config.json"))
          .as("results of a run that was killed")
          .doesNotExist();
    }
    run.run(spark);

    assertThat(run.weights()).as("seed %d", seed).isEqualTo(whole.weights());
    assertThat(run.history()).as("seed %d", seed).isEqualTo(whole.history());
    assertThat(run.metrics()).as("seed %d", seed).isEqualTo(whole.metrics());
    assertThat(run.names()).isEqualTo(whole.names());
  }

  @Test
  void secondRunOnAFolderIsRefusedAndNamesTheFirst() throws Exception {
    SftRun run = whole.into(folder.resolve("contested"));
    ChildJvm first = start(run.with("--max_steps", "100000"));
    try {
      awaitCheckpoint(first, run, 4);

      assertThatThrownBy(() -> run.with("--overwrite_output_dir").run(spark))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("output_dir = ")
          .hasMessageContaining("process %d on ".formatted(first.process().pid()));
      assertThat(first.process().isAlive()).as(first.log()).isTrue();
    } finally {
      first.kill();
    }
    run.with("--overwrite_output_dir").run(spark);
    assertThat(run.weights()).isEqualTo(whole.weights());
  }
}
