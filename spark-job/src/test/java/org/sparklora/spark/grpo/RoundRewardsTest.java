package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Scaling;

/** Advantages and metrics of TRL's rounds, from TRL's completions and rewards. */
class RoundRewardsTest {
  private static final Path RUNS = Path.of("../model/src/test/resources/golden/grpo");

  private static final Path BATCHES = Path.of("../reward/src/test/resources/advantages.jsonl.gz");

  /** Float32 sums of TRL's against doubles. */
  private static final double BOUND = 1e-5;

  private static final int END = 2;
  private static final Prompt PROMPT = new Prompt(0, "", new int[] {1}, Optional.empty(), Map.of());

  /** Arguments of {@link RoundMetrics#ofRewards}. */
  private record Judged(List<String> names, double[] weights, double[][] rewards, int groupSize) {
    Map<String, Double> metrics(GroupAdvantage config) {
      return RoundMetrics.ofRewards(names, weights, rewards, groupSize, config);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "guide_python",
        "drgrpo_none_2funcs",
        "grpo_beta_batchscale_trunc",
        "dapo_onpolicy_fullft",
        "sequence_iterations_rslora",
        "quantile_weights_cosine",
        "bnpo_ragged_cool"
      })
  void roundsAreJudgedAsByTrl(String run) throws IOException {
    JsonNode trace = trace(run);
    GroupAdvantage config =
        new GroupAdvantage(
            Scaling.valueOf(trace.at("/resolved/scale_rewards").asText().toUpperCase(Locale.ROOT)),
            Aggregation.SUM_THEN_NORMALIZE);
    List<JsonNode> logged = new ArrayList<>();
    trace.get("steps").forEach(step -> addIfDrawn(step, logged));
    assertThat(logged).hasSameSizeAs(trace.get("generations"));
    for (int round = 0; round < logged.size(); round++) {
      JsonNode generation = trace.get("generations").get(round);
      Judged judged = judged(trace, generation);

      assertThat(advantages(judged, config))
          .containsExactly(doubles(generation.get("advantages")), within(BOUND));
      Map<String, Double> metrics = new LinkedHashMap<>(judged.metrics(config));
      metrics.putAll(RoundMetrics.ofLengths(completions(generation)));
      JsonNode expected = logged.get(round);
      assertThat(metrics).containsKeys("reward", "frac_reward_zero_std");
      metrics.forEach(
          (name, value) -> {
            if (expected.has(name)) { // the trace leaves two of the ended lengths out
              assertThat(value).as(name).isCloseTo(expected.get(name).asDouble(), within(BOUND));
            }
          });
      assertThat(metrics.keySet()).containsAll(roundMetrics(expected));
    }
  }

  static Stream<JsonNode> batches() throws IOException {
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(unzipped(BATCHES), StandardCharsets.UTF_8))) {
      List<JsonNode> batches = new ArrayList<>();
      for (String line : lines.lines().toList()) {
        batches.add(new ObjectMapper().readTree(line));
      }
      return batches.stream();
    }
  }

  @ParameterizedTest
  @MethodSource("batches")
  void batchesAreMeasuredAsByTrl(JsonNode batch) {
    double[] weights = doubles(batch.get("reward_weights"));
    JsonNode rows = batch.get("rewards_per_func");
    double[][] rewards = new double[rows.size()][];
    Arrays.setAll(rewards, row -> doubles(rows.get(row)));
    List<String> names = IntStream.range(0, weights.length).mapToObj(Integer::toString).toList();
    Map<String, Double> metrics =
        new Judged(names, weights, rewards, batch.get("num_generations").asInt())
            .metrics(
                new GroupAdvantage(
                    Scaling.valueOf(batch.get("scale_rewards").asText().toUpperCase(Locale.ROOT)),
                    Aggregation.valueOf(
                        batch
                            .get("multi_objective_aggregation")
                            .asText()
                            .toUpperCase(Locale.ROOT))));
    batch
        .get("metrics")
        .fields()
        .forEachRemaining(
            expected ->
                assertThat(metrics.get(expected.getKey()))
                    .as(expected.getKey())
                    .isCloseTo(number(expected.getValue()), within(BOUND)));
  }

  /** One reward tells of some completions, the other of none: nothing differs. */
  @Test
  void whatTeachesNothingHasZeroDeviation() {
    double[][] rewards = {{0.1, Double.NaN}, {0.1, 0.7}, {0.1, 0.7}, {0.1, Double.NaN}};
    Judged judged = new Judged(List.of("a", "b"), new double[] {1, 1}, rewards, 4);
    GroupAdvantage config = new GroupAdvantage(Scaling.GROUP, Aggregation.NORMALIZE_THEN_SUM);

    assertThat(advantages(judged, config)).containsOnly(0);
    assertThat(judged.metrics(config)).containsEntry("frac_reward_zero_std", 1.0);
  }

  private static double[] advantages(Judged judged, GroupAdvantage config) {
    return config.ofBatch(judged.rewards(), judged.groupSize(), judged.weights());
  }

  private static JsonNode trace(String run) throws IOException {
    try (InputStream in = unzipped(RUNS.resolve(run).resolve("trace.json.gz"))) {
      return new ObjectMapper().readTree(in);
    }
  }

  private static InputStream unzipped(Path file) throws IOException {
    return new GZIPInputStream(Files.newInputStream(file));
  }

  private static void addIfDrawn(JsonNode step, List<JsonNode> logged) {
    if (step.has("reward")) {
      logged.add(step);
    }
  }

  /** What TRL logs of completions and rewards. */
  private static List<String> roundMetrics(JsonNode row) {
    List<String> names = new ArrayList<>();
    row.fieldNames()
        .forEachRemaining(
            name -> {
              if (name.matches("completions/.*|rewards/.*|reward|reward_std|frac_.*")) {
                names.add(name);
              }
            });
    return names;
  }

  private static Judged judged(JsonNode trace, JsonNode generation) {
    List<String> names = new ArrayList<>();
    trace.get("reward_funcs").forEach(name -> names.add(name.asText()));
    double[] weights =
        trace.at("/config/reward_weights").isArray()
            ? doubles(trace.at("/config/reward_weights"))
            : names.stream().mapToDouble(name -> 1).toArray();
    JsonNode rows = generation.get("rewards_per_func");
    double[][] rewards = new double[rows.size()][];
    Arrays.setAll(rewards, row -> doubles(rows.get(row)));
    return new Judged(names, weights, rewards, trace.at("/resolved/num_generations").asInt());
  }

  /** Null is a completion that was not judged. */
  private static double[] doubles(JsonNode array) {
    return IntStream.range(0, array.size()).mapToDouble(i -> number(array.get(i))).toArray();
  }

  private static double number(JsonNode value) {
    return value.isNull() ? Double.NaN : value.asDouble();
  }

  private static List<Generation> completions(JsonNode generation) {
    List<Generation> completions = new ArrayList<>();
    JsonNode ids = generation.get("completion_ids");
    int longest = ids.get(0).size();
    for (JsonNode row : ids) {
      int[] tokens = new int[longest];
      Arrays.setAll(tokens, t -> row.get(t).asInt());
      int end = IntStream.range(0, longest).filter(t -> tokens[t] == END).findFirst().orElse(-1);
      int length = end < 0 ? longest : end + 1;
      completions.add(
          new Generation(
              PROMPT,
              completions.size(),
              "",
              Arrays.copyOf(tokens, length),
              new float[length],
              end < 0 ? "length" : Generation.EOS));
    }
    return completions;
  }
}
