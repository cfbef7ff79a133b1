package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.cli.TinyModelRuns;
import org.sparklora.spark.dl4j.LoraRegistrator;
import org.sparklora.spark.workers.ExecutorWorkers;

/** Tasks that get everything over the wire, as on a cluster, against one process. */
class GrpoExecutorsTest extends TinyModelRuns {
  private static final Map<String, List<String>> KINDS =
      new TreeMap<>(
          Map.of(
              "adapter", List.of("--use_peft", "--lora_dropout", "0.1", "--num_iterations", "2"),
              "reference", List.of("--use_peft", "--beta", "0.04"),
              "weights", List.of("--learning_rate", "1e-3")));

  /** The run of each kind in this process. */
  private static final Map<String, GrpoRun> HERE = new TreeMap<>();

  @BeforeAll
  static void runHere() throws IOException {
    for (String kind : KINDS.keySet()) {
      HERE.put(kind, tiny(kind, "here").run(spark));
    }
  }

  @BeforeEach
  void sendEverything() {
    TestSpark.shareMemory(false);
  }

  private static GrpoRun tiny(String kind, String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(kind + "-" + name))
        .with(KINDS.get(kind).toArray(String[]::new))
        .with(more);
  }

  @Test
  void anyNumberOfExecutorsGivesTheBitsOfOneProcess() throws IOException {
    for (String kind : KINDS.keySet()) {
      for (String workers : List.of("1", "2", "3")) {
        GrpoRun run = tiny(kind, workers, "--num_workers", workers).run(spark);
        GrpoRun one = HERE.get(kind);
        assertThat(run.advantages(0)).isNotEmpty().isEqualTo(one.advantages(0));
        assertThat(run.advantages(1)).isEqualTo(one.advantages(1));
        assertThat(run.history()).as("%s, %s", kind, workers).isEqualTo(one.history());
        assertThat(run.weights()).as("%s, %s", kind, workers).isEqualTo(one.weights());
        assertThat(run.metrics()).as("%s, %s", kind, workers).isEqualTo(one.metrics());
        for (JsonNode row : trainingRows(run)) {
          assertThat(row.get("averaging_bytes").asDouble()).isPositive();
          assertThat(row.get("averaging_seconds").asDouble()).isPositive();
        }
      }
    }
  }

  /** All but the last, which sums the run up. */
  private static List<JsonNode> trainingRows(GrpoRun run) throws IOException {
    List<JsonNode> rows = run.metricRows();
    assertThat(rows).hasSize(7);
    return rows.subList(0, 6);
  }

  @Test
  void evaluationsAreTheSameOnExecutors() throws IOException {
    Path data = Files.createDirectories(folder.resolve("data"));
    Files.copy(folder.resolve("problems.jsonl"), data.resolve("train.jsonl"));
    Files.copy(folder.resolve("problems.jsonl"), data.resolve("test.jsonl"));
    String[] evaluating =
        CommandRun.words(
                """
                --dataset_name %s --prompts_dir %s --eval_strategy steps --eval_steps 3
                --eval_on_start --per_device_eval_batch_size 6
                """,
                data, folder.resolve("split"))
            .toArray(String[]::new);
    TestSpark.shareMemory(true);
    GrpoRun expected = tiny("reference", "evaluated-here", evaluating).run(spark);
    TestSpark.shareMemory(false);
    GrpoRun run = expected.into(folder.resolve("evaluated")).with("--num_workers", "3").run(spark);

    assertThat(run.history()).isEqualTo(expected.history());
    List<JsonNode> evaluations = run.log().stream().filter(row -> row.has("eval_loss")).toList();
    assertThat(evaluations).extracting(row -> row.get("step").asInt()).containsExactly(0, 3, 6);
  }

  @Test
  void rowsTellWhatExecutorsDid() throws IOException {
    List<JsonNode> rows = trainingRows(HERE.get("weights"));
    for (JsonNode row : rows) {
      assertThat(row.get("executors/count").asInt()).isEqualTo(1);
      assertThat(row.get("executors/driver/tokens_per_second").asDouble()).isPositive();
      assertThat(row.get("executors/driver/peak_memory_heap").asLong())
          .isPositive()
          .isEqualTo(row.get("executors/max_peak_memory_heap").asLong());
      assertThat(row.get("averaging_bytes").asDouble()).isZero();
    }
    // two steps are taken on each round of completions
    assertThat(rows)
        .extracting(row -> row.has("executors/driver/completion_tokens_per_second"))
        .containsExactly(true, false, true, false, true, false);
  }

  @Test
  void kryoGivesTheBitsOfOneProcess() throws IOException {
    GrpoRun expected = HERE.get("reference");
    spark.close(); // there is one session at a time
    try (SparkSession kryo =
        TestSpark.builder(3)
            .config(ExecutorWorkers.SHARED_MEMORY, "false")
            .config("spark.serializer", KryoSerializer.class.getName())
            .config("spark.kryo.registrator", LoraRegistrator.class.getName())
            .getOrCreate()) {
      GrpoRun run = tiny("reference", "kryo", "--num_workers", "2").run(kryo);
      assertThat(run.advantages(0)).isNotEmpty().isEqualTo(expected.advantages(0));
      assertThat(run.history()).isEqualTo(expected.history());
      assertThat(run.weights()).isEqualTo(expected.weights());
    } finally {
      spark = TestSpark.open(3);
    }
  }
}
