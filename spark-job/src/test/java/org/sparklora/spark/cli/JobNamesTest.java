package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.spark.grpo.GrpoRuns;
import org.sparklora.train.TestModels;

/** What Spark's pages call the jobs of a run. */
class JobNamesTest {
  @TempDir private Path folder;

  private final List<String> descriptions = new CopyOnWriteArrayList<>();

  private SparkSession open() {
    SparkSession spark =
        TestSpark.builder(2).config("spark.sparklora.sharedMemory", "false").getOrCreate();
    spark
        .sparkContext()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onJobStart(SparkListenerJobStart start) {
                descriptions.add(
                    String.valueOf(start.properties().get("spark.job.description"))
                        + " | "
                        + start.properties().get("callSite.short"));
              }
            });
    return spark;
  }

  @ParameterizedTest
  @ValueSource(strings = {"parameters", "gradients"})
  void jobsOfTrainingSayStepAndWork(String sync) throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    try (SparkSession spark = open()) {
      SftRun.tiny(model, folder.resolve("out"), "--use_peft", "--sync", sync)
          .with("--num_workers", "2", "--averaging_frequency", "2", "--max_steps", "4")
          .run(spark);
    }
    String third =
        sync.equals("parameters") ? "steps 3 to 4: average 2 adapters" : "step 3: add 1 gradients";
    assertThat(descriptions).contains(third + " | " + third);
    assertThat(descriptions).noneMatch(text -> text.contains("null") || text.contains(".java:"));
  }

  @Test
  void jobsOfGrpoSayRoundStepAndWork() throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    Files.createDirectories(folder.resolve("run"));
    try (SparkSession spark = open()) {
      GrpoRuns.tiny(spark, model, folder.resolve("run"), "--use_peft", "--num_workers", "2");
    }
    assertThat(descriptions)
        .anyMatch(text -> text.startsWith("round 0: complete prompts, part 1 of 2"))
        .anyMatch(text -> text.startsWith("round 0: judge completions, part 1 of 2"))
        .anyMatch(text -> text.startsWith("step 1: compute gradients, part 1 of"))
        .noneMatch(text -> text.contains("null") || text.contains(".java:"));
  }
}
