package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;

/** Runs whose workers take the two steps of each round by themselves. */
class GrpoLocalStepsTest {
  @TempDir private static Path folder;
  private static Path model;

  @BeforeAll
  static void copyModel() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
  }

  private static GrpoRun run(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft").with(more);
  }

  @Test
  void aSingleWorkerHasNothingToAverage() throws IOException {
    try (SparkSession spark = TestSpark.open(3, true)) {
      GrpoRun added = run("added").run(spark);
      GrpoRun alone = run("alone", "--local_steps", "2").run(spark);

      assertThat(alone.weights()).isEqualTo(added.weights());
      assertThat(alone.history()).isEqualTo(added.history());
    }
  }

  @Test
  void aSingleWorkerTakesOuterStepsToo() throws IOException {
    try (SparkSession spark = TestSpark.open(3, true)) {
      GrpoRun plain = run("plain", "--local_steps", "2").run(spark);
      GrpoRun outer = plain.into(folder.resolve("outer"), "--outer_optimizer", "nesterov");

      assertThat(outer.run(spark).weights()).isNotEqualTo(plain.weights());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"average", "nesterov"})
  void threeWorkersInOneProcessOrInTasksGiveTheSameAlsoWhenTheyAreResumed(String outer)
      throws IOException {
    String[] three = {"--local_steps", "2", "--num_workers", "3", "--outer_optimizer", outer};
    GrpoRun here =
        run("here-" + outer, three).with("--save_strategy", "steps", "--save_steps", "2");
    try (SparkSession spark = TestSpark.open(3, true)) {
      here.run(spark);
    }
    try (SparkSession spark = TestSpark.open(3, false)) {
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
      GrpoRun added = run("sums-" + outer, "--num_workers", "3").run(spark);

      assertThat(resumed.weights()).isEqualTo(apart.weights()).isEqualTo(here.weights());
      assertThat(resumed.history()).isEqualTo(apart.history()).isEqualTo(here.history());
      assertThat(added.weights()).isNotEqualTo(here.weights());
    }
  }

  @Test
  void anotherNumberOfWorkersOrOuterOptimizerIsRefusedUnlessGradientsAreAddedUp()
      throws IOException {
    GrpoRun three = run("stopped", "--local_steps", "2", "--num_workers", "3");
    try (SparkSession spark = TestSpark.open(3, true)) {
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
  }

  @Test
  void unequalPartsAreRefused() throws IOException {
    GrpoRun two = run("two", "--local_steps", "2", "--num_workers", "2");
    GrpoRun one = run("one", "--local_steps", "2", "--steps_per_generation", "3");
    try (SparkSession spark = TestSpark.open(3, true)) {
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
}
