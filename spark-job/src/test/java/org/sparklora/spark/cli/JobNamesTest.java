package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeoutException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.spark.grpo.GrpoRuns;

/** What Spark's pages call the jobs of a run. */
class JobNamesTest extends TinyModelRuns {
  private static final List<String> DESCRIPTIONS = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void listenToExecutors() {
    TestSpark.shareMemory(false);
    spark
        .sparkContext()
        .addSparkListener(
            new SparkListener() {
              @Override
              public void onJobStart(SparkListenerJobStart start) {
                DESCRIPTIONS.add(
                    String.valueOf(start.properties().get("spark.job.description"))
                        + " | "
                        + start.properties().get("callSite.short"));
              }
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"parameters", "gradients"})
  void jobsOfTrainingSayStepAndWork(String sync) throws IOException, TimeoutException {
    SftRun.tiny(model, folder.resolve(sync), "--use_peft", "--sync", sync)
        .with("--num_workers", "2", "--averaging_frequency", "2", "--max_steps", "4")
        .run(spark);
    TestSpark.awaitListeners(spark);

    String third =
        sync.equals("parameters") ? "steps 3 to 4: average 2 adapters" : "step 3: add 1 gradients";
    assertThat(DESCRIPTIONS).contains(third + " | " + third);
    assertThat(DESCRIPTIONS).noneMatch(text -> text.contains("null") || text.contains(".java:"));
  }

  @Test
  void jobsOfGrpoSayRoundStepAndWork() throws IOException, TimeoutException {
    GrpoRuns.tiny(spark, model, folder.resolve("grpo"), "--use_peft", "--num_workers", "2");
    TestSpark.awaitListeners(spark);

    assertThat(DESCRIPTIONS)
        .anyMatch(text -> text.startsWith("round 0: complete prompts, part 1 of 2"))
        .anyMatch(text -> text.startsWith("round 0: judge completions, part 1 of 2"))
        .anyMatch(text -> text.startsWith("step 1: compute gradients, part 1 of"))
        .noneMatch(text -> text.contains("null") || text.contains(".java:"));
  }
}
