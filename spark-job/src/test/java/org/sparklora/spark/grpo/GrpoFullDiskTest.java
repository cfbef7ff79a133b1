package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.run.SmallDisk;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;

/** The run folder lies on a disk that fills, at one moment of a run after the other. */
class GrpoFullDiskTest {
  private static final int MOMENTS = 12;

  @AutoClose private static SparkSession spark;
  @TempDir private static Path folder;
  private static Path model;

  @BeforeAll
  static void openSpark() throws IOException {
    spark =
        TestSpark.builder(2)
            .config("spark.hadoop.fs.smalldisk.impl", SmallDisk.class.getName())
            .getOrCreate();
    model = TestModels.copy("llama-tiny", folder);
  }

  @AfterAll
  static void makeRoom() {
    SmallDisk.leave(Long.MAX_VALUE);
  }

  private static GrpoRun run(String name) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft", "--lora_r", "4")
        .with("--save_strategy", "steps", "--save_steps", "1", "--save_total_limit", "2")
        .with("--resume_from_checkpoint", "true");
  }

  private static void onSmallDisk(GrpoRun run) throws IOException {
    GrpoRun there = run.with("--output_dir", "smalldisk://" + run.output());
    GrpoConfig config = GrpoConfig.of(CommandLine.parse("grpo", there.flags()).settings());
    GrpoRun.train(spark, config, Optional.empty());
  }

  @Test
  void wheneverTheDiskFillsTheRunSaysSoAndGoesOnToTheSameBits() throws IOException {
    SmallDisk.leave(Long.MAX_VALUE);
    GrpoRun whole = run("whole");
    onSmallDisk(whole);
    long written = Long.MAX_VALUE - SmallDisk.left();

    for (int moment = 0; moment < MOMENTS; moment++) {
      GrpoRun run = run("full-" + moment);
      SmallDisk.leave(written * moment / MOMENTS);
      assertThatThrownBy(() -> onSmallDisk(run))
          .as("at moment %d of %d", moment, MOMENTS)
          .isInstanceOf(TableException.class)
          .hasMessageContaining("No space left on device");
      assertThat(run.output().resolve("adapter_model.safetensors")).doesNotExist();

      SmallDisk.leave(Long.MAX_VALUE);
      onSmallDisk(run);
      assertThat(run.weights()).as("at moment %d", moment).isEqualTo(whole.weights());
      assertThat(run.history()).isEqualTo(whole.history());
      assertThat(run.metrics()).isEqualTo(whole.metrics());
      assertThat(run.names()).isEqualTo(whole.names());
      for (int round = 0; round < 3; round++) {
        assertThat(run.advantages(round)).isEqualTo(whole.advantages(round));
      }
    }
  }
}
