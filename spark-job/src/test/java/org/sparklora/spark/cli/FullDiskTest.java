package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.run.SmallDisk;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.train.TestModels;

/** The output folder lies on a disk that has room for so many bytes. */
class FullDiskTest {
  @AutoClose private static SparkSession spark;
  @TempDir private static Path folder;
  private static Path model;

  @BeforeAll
  static void prepare() throws IOException {
    spark =
        TestSpark.builder(2)
            .config("spark.hadoop.fs.smalldisk.impl", SmallDisk.class.getName())
            .getOrCreate();
    model = TestModels.copy("llama-tiny", folder);
  }

  @BeforeEach
  void makeRoom() {
    SmallDisk.leave(Long.MAX_VALUE);
  }

  private static SftRun run(String name, String... more) {
    return SftRun.tiny(model, folder.resolve(name), "--use_peft", "--lora_r", "4")
        .with("--max_steps", "4", "--save_steps", "2")
        .with(more);
  }

  private static SftRun onSmallDisk(SftRun run) throws IOException {
    SftRun.train(spark, run.with("--output_dir", "smalldisk://" + run.output()).flags());
    return run;
  }

  private static long checkpointBytes(SftRun run) throws IOException {
    try (Stream<Path> files = Files.list(run.output().resolve("checkpoint-4"))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    }
  }

  @Test
  void lastGoodCheckpointStaysAndTheRunGoesOnFromIt() throws IOException {
    SftRun whole = onSmallDisk(run("whole"));
    SftRun run = run("full");
    SmallDisk.leave(3 * checkpointBytes(whole) / 2); // the second of two does not fit

    assertThatThrownBy(() -> onSmallDisk(run))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot save checkpoint-4 in smalldisk:")
        .hasMessageContaining("No space left on device")
        .hasMessageContaining("go on from checkpoint-2, which is whole");
    assertThat(run.names()).containsExactly("checkpoint-2", "metrics.jsonl");

    SmallDisk.leave(Long.MAX_VALUE);
    onSmallDisk(run.with("--resume_from_checkpoint", "true"));
    assertThat(run.weights()).isEqualTo(whole.weights());
    assertThat(run.metrics()).isEqualTo(whole.metrics());
  }

  @Test
  void resultsThatDoNotFitLeaveTheCheckpoints() throws IOException {
    SftRun whole = onSmallDisk(run("whole2"));
    SftRun run = run("full2");
    SmallDisk.leave(5 * checkpointBytes(whole) / 2); // the results hold more than half of one

    assertThatThrownBy(() -> onSmallDisk(run)).hasMessageContaining("Cannot save results in");
    assertThat(run.names()).containsExactly("checkpoint-2", "checkpoint-4", "metrics.jsonl");

    SmallDisk.leave(Long.MAX_VALUE);
    onSmallDisk(run.with("--resume_from_checkpoint", "true"));
    assertThat(run.weights()).isEqualTo(whole.weights());
  }
}
