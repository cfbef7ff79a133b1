package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.cli.TinyModelRuns;

/** Runs whose rounds are drawn while earlier ones are trained on. */
class GrpoStalenessTest extends TinyModelRuns {
  @AfterEach
  void shareMemoryAgain() {
    TestSpark.shareMemory(true);
  }

  /** Six rounds of two steps. */
  private static GrpoRun rounds(String name, String... more) throws IOException {
    return GrpoRun.tiny(model, folder.resolve(name), "--use_peft", "--max_steps", "12").with(more);
  }

  private static List<Integer> versions(GrpoRun run) {
    return java.util.stream.IntStream.range(0, 6)
        .mapToObj(round -> run.output().resolve("rounds/round-%04d/generations".formatted(round)))
        .map(table -> GenerationTable.read(new Configuration(), table.toUri().toString()))
        .map(rows -> rows.get(0).origin())
        .map(Generation.Origin::policyVersion)
        .toList();
  }

  private static void assertSame(GrpoRun run, GrpoRun expected) throws IOException {
    assertThat(run.weights()).isEqualTo(expected.weights());
    assertThat(run.history()).isEqualTo(expected.history());
    assertThat(run.metrics()).isEqualTo(expected.metrics());
    for (int round = 0; round < 6; round++) {
      assertThat(run.advantages(round)).isEqualTo(expected.advantages(round));
    }
  }

  @Test
  void aRoundIsDrawnByThePolicyOfSomeRoundsBefore() throws IOException {
    GrpoRun run = rounds("two", "--max_staleness", "2").run(spark);

    assertThat(versions(run)).containsExactly(0, 0, 0, 2, 4, 6);
    List<JsonNode> rows = run.steps();
    assertThat(rows).hasSize(12);
    for (int round = 0; round < 6; round++) {
      JsonNode row = rows.get(2 * round);
      assertThat(row.get("sample/staleness_mean").asDouble()).isEqualTo(2.0 * Math.min(round, 2));
      assertThat(row.has("sampling/importance_sampling_ratio/mean")).isEqualTo(round > 0);
      if (round > 0) {
        assertThat(row.get("sampling/effective_sample_size").asDouble()).isBetween(0.0, 1.0);
        assertThat(row.get("sampling/sampling_logp_difference/mean").asDouble()).isPositive();
      }
    }
    GrpoRun uncorrected =
        rounds("as-is", "--max_staleness", "2", "--no_vllm_importance_sampling_correction")
            .run(spark);
    assertThat(uncorrected.weights()).isNotEqualTo(run.weights());
    assertThat(uncorrected.advantages(2)).isEqualTo(run.advantages(2));
  }

  @Test
  void stalenessOfZeroChangesNothing() throws IOException {
    GrpoRun run = rounds("zero", "--max_staleness", "0").run(spark);

    assertSame(run, rounds("unset").run(spark));
    assertThat(versions(run)).containsExactly(0, 2, 4, 6, 8, 10);
  }

  @Test
  void executorsOfTheirOwnDrawTheSame() throws IOException {
    GrpoRun here = rounds("here", "--max_staleness", "1", "--dynamic_sampling").run(spark);
    TestSpark.shareMemory(false);
    for (String drawers : List.of("1", "2")) {
      GrpoRun run =
          here.into(folder.resolve("drawers-" + drawers), "--num_generators", drawers)
              .with("--num_workers", "3");
      assertSame(run.run(spark), here);
    }
    assertSame(here.into(folder.resolve("all"), "--num_workers", "3").run(spark), here);
  }

  @ParameterizedTest
  @ValueSource(strings = {"--no_dynamic_sampling", "--dynamic_sampling"})
  void goesOnFromAnyStepToTheSameBits(String sampling) throws IOException {
    GrpoRun whole =
        rounds("whole" + sampling, sampling, "--max_staleness", "2")
            .with("--reward_funcs", GrpoRun.PartialVariety.class.getName())
            .with("--save_strategy", "steps", "--save_steps", "1", "--logging_steps", "5")
            .run(spark);
    for (int step : new int[] {1, 2, 5, 8, 11}) {
      GrpoRun run = whole.into(folder.resolve("from-%d%s".formatted(step, sampling)));
      Path checkpoint = whole.output().resolve("checkpoint-" + step);
      assertThat(Files.exists(checkpoint.resolve("ahead-0005.parquet")))
          .isEqualTo(step > 6 && step < 11);

      run.with("--resume_from_checkpoint", checkpoint.toString()).run(spark);

      assertThat(run.weights()).isEqualTo(whole.weights());
      assertThat(run.history()).isEqualTo(whole.history());
      assertThat(run.metrics()).isEqualTo(whole.metrics());
    }
  }

  @Test
  void executorsThatCannotBeSplitAreRefused() throws IOException {
    TestSpark.shareMemory(false);
    assertThatThrownBy(() -> rounds("idle", "--num_generators", "1").run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_generators = 1")
        .hasMessageContaining("--max_staleness 0");
    GrpoRun none =
        rounds("none", "--num_generators", "2", "--num_workers", "2", "--max_staleness", "1");
    assertThatThrownBy(() -> none.run(spark))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("num_generators = 2")
        .hasMessageContaining("left to train, of 2");
    assertThat(none.output()).doesNotExist();
  }
}
