package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.cli.TinyModelRuns;

/** Runs whose workers take the two steps of each round by themselves. */
class GrpoLocalStepsTest extends TinyModelRuns {
  /** A run whose gradients are added up, which any number of workers do to the same bits. */
  private static GrpoRun added;

  @BeforeAll
  static void addUp() throws IOException {
    added = run("added").run(spark);
  }

  @AfterEach
  void shareMemoryAgain() {
    TestSpark.shareMemory(true);
  }

  private static GrpoRun run(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft").with(more);
  }

  @Test
  void aSingleWorkerHasNothingToAverageButTakesOuterSteps() throws IOException {
    GrpoRun alone = run("alone", "--local_steps", "2").run(spark);
    GrpoRun outer = alone.into(folder.resolve("outer"), "--outer_optimizer", "nesterov");

    assertThat(alone.weights()).isEqualTo(added.weights());
    assertThat(alone.history()).isEqualTo(added.history());
    assertThat(outer.run(spark).weights()).isNotEqualTo(alone.weights());
  }

  @ParameterizedTest
  @ValueSource(strings = {"average", "nesterov"})
  void threeWorkersInOneProcessOrInTasksGiveTheSameAlsoWhenTheyAreResumed(String outer)
      throws IOException {
    String[] three = {"--local_steps", "2", "--num_workers", "3", "--outer_optimizer", outer};
    GrpoRun here =
        run("here-" + outer, three)
            .with("--save_strategy", "steps", "--save_steps", "2")
            .run(spark);
    TestSpark.shareMemory(false);
    GrpoRun apart = here.into(folder.resolve("apart-" + outer)).run(spark);
    Path checkpoint = here.output().resolve("checkpoint-2");
    assertThat(Files.exists(checkpoint.resolve("optimizer.outer.safetensors")))
        .isEqualTo(outer.equals("nesterov"));
    GrpoRun resumed =
        here.into(
                folder.resolve("resumed-" + outer),
                "--resume_from_checkpoint",
                checkpoint.toString())
            .run(spark);

    assertThat(resumed.weights()).isEqualTo(apart.weights()).isEqualTo(here.weights());
    assertThat(resumed.history()).isEqualTo(apart.history()).isEqualTo(here.history());
    assertThat(added.weights()).isNotEqualTo(here.weights());
  }

  @Test
  void anotherNumberOfWorkersOrOuterOptimizerIsRefusedUnlessGradientsAreAddedUp()
      throws IOException {
    GrpoRun three = run("stopped", "--local_steps", "2", "--num_workers", "3");
    three.runUntil(spark, 2);
    GrpoRun resumed = three.with("--resume_from_checkpoint", "true");
    GrpoRun one = resumed.with("--num_workers", "1");

    assertThatThrownBy(() -> one.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_workers = 1 that train")
        .hasMessageContaining("made with 3 that train");
    assertThatThrownBy(() -> resumed.with("--outer_optimizer", "nesterov").run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("outer_optimizer = nesterov")
        .hasMessageContaining("made with average");
    assertThat(one.with("--local_steps", "1").run(spark).log()).isNotEmpty();
  }

  @Test
  void unequalPartsAreRefused() throws IOException {
    GrpoRun two = run("two", "--local_steps", "2", "--num_workers", "2");
    GrpoRun one = run("one", "--local_steps", "2", "--steps_per_generation", "3");
    assertThatThrownBy(() -> two.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("gradient_accumulation_steps = 3")
        .hasMessageContaining("a multiple of 2");
    assertThatThrownBy(() -> one.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("local_steps = 2")
        .hasMessageContaining("raise steps_per_generation");
  }
}
