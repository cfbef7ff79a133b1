package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.cli.ChildJvm;
import org.sparklora.spark.cli.LoggedRun;
import org.sparklora.spark.cli.TinyModelRuns;

/** Drivers in JVMs of their own, killed between the stages of a round and anywhere else. */
class GrpoDriverFaultTest extends TinyModelRuns {
  private static final int ROUNDS = 20;

  @Test
  void killedDriversRunGoesOnAsIfNothingHadHappened() throws Exception {
    GrpoRun whole =
        GrpoRun.tiny(model, folder.resolve("whole"), "--use_peft", "--lora_dropout", "0.1")
            .with("--max_steps", Integer.toString(2 * ROUNDS), "--logging_steps", "3")
            .with("--log_completions", "--num_completions_to_print", "0")
            .with("--save_strategy", "steps", "--save_steps", "5", "--save_total_limit", "2")
            .run(spark);
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
    run.run(spark);

    assertThat(run.weights()).as("seed %d", seed).isEqualTo(whole.weights());
    assertThat(run.history()).as("seed %d", seed).isEqualTo(whole.history());
    assertThat(run.metrics()).as("seed %d", seed).isEqualTo(whole.metrics());
    for (int round = 0; round < ROUNDS; round++) {
      assertThat(run.advantages(round)).as("round %d", round).isEqualTo(whole.advantages(round));
    }
    assertThat(run.names()).isEqualTo(whole.names());
    assertThat(LoggedRun.names(run.output().resolve("completions")))
        .hasSize(2 * ROUNDS / 3)
        .isEqualTo(LoggedRun.names(whole.output().resolve("completions")));
  }
}
