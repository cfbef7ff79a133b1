package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.GoldenModel;
import org.sparklora.model.trace.GrpoTrace;

/**
 * The loss, its gradient and its metrics on random numbers, against TRL's {@code _compute_loss}.
 */
class GrpoLossGoldenTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** TRL computes in float32; measured deviations are 5e-10 and 7e-9. Relative above 1. */
  private static final double LOSS = 1e-6;

  private static final double GRADIENT = 1e-6;

  /** Shares are exact; means of divergences are float32. */
  private static final double METRIC = 1e-6;

  static Stream<Case> cases() throws IOException {
    Path grpo = GoldenModel.root().resolve("grpo");
    List<Case> cases = new ArrayList<>();
    for (String file :
        List.of(
            "loss_cases.jsonl",
            "loss_cases.jsonl.gz",
            "loss_cases_mixed.jsonl.gz",
            "loss_cases_sampler.jsonl.gz",
            "loss_cases_policy.jsonl.gz")) {
      if (Files.exists(grpo.resolve(file))) { // the full set has the first alone
        try (BufferedReader in = open(grpo.resolve(file))) {
          for (String line = in.readLine(); line != null; line = in.readLine()) {
            cases.add(new Case(JSON.readTree(line)));
          }
        }
      }
    }
    assertThat(cases).isNotEmpty();
    return cases.stream();
  }

  private static BufferedReader open(Path file) throws IOException {
    return file.toString().endsWith(".gz")
        ? new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(file)), StandardCharsets.UTF_8))
        : Files.newBufferedReader(file);
  }

  /** One line of the file: tensors {@code (B, T)}, of which a mask tells the target tokens. */
  record Case(JsonNode json) {

    GrpoLossConfig config() {
      JsonNode c = json.get("config");
      return new GrpoLossConfig(
          new GrpoLossConfig.Reduction(
              GrpoLossConfig.LossType.valueOf(c.get("loss_type").asText().toUpperCase(Locale.ROOT)),
              c.get("max_completion_length").asInt()),
          new GrpoLossConfig.Ratio(
              GrpoLossConfig.Level.valueOf(
                  c.get("importance_sampling_level").asText().toUpperCase(Locale.ROOT)),
              c.get("epsilon").asDouble(),
              c.get("epsilon_high").asDouble(),
              c.get("delta").isNull() ? Double.POSITIVE_INFINITY : c.get("delta").asDouble(),
              c.path("off_policy_mask_threshold").asDouble(Double.POSITIVE_INFINITY)),
          new GrpoLossConfig.Divergence(
              c.get("beta").asDouble(), c.get("use_bias_correction_kl").asBoolean()),
          new GrpoLossConfig.Soft(
              new GrpoLossConfig.Sapo(
                  c.get("sapo_temperature_pos").asDouble(),
                  c.get("sapo_temperature_neg").asDouble()),
              new GrpoLossConfig.Vespo(
                  c.path("vespo_k_pos").asDouble(2),
                  c.path("vespo_lambda_pos").asDouble(3),
                  c.path("vespo_k_neg").asDouble(3),
                  c.path("vespo_lambda_neg").asDouble(2))),
          c.path("top_entropy_quantile").asDouble(1),
          1);
    }

    GrpoLoss loss() {
      JsonNode mask = json.get("completion_mask_after");
      int[] lengths = new int[mask.size()];
      for (int c = 0; c < lengths.length; c++) {
        for (JsonNode bit : mask.get(c)) {
          lengths[c] += bit.asInt();
        }
      }
      float[] drifts = drifts(lengths);
      List<PolicyTargets.Completion> completions = new ArrayList<>();
      for (int c = 0; c < lengths.length; c++) {
        float advantage = json.get("advantages").get(c).floatValue();
        completions.add(new PolicyTargets.Completion(lengths[c], advantage, drifts[c]));
      }
      PolicyTargets targets =
          new PolicyTargets(
              completions,
              masked("old_per_token_logps"),
              masked("ref_per_token_logps"),
              masked("importance_sampling_ratio"),
              0);
      AccumulationWindow window =
          AccumulationWindow.of(
              json.get("config").get("gradient_accumulation_steps").asInt(),
              json.get("num_items_in_batch").asLong(),
              json.get("config").get("steps_per_generation").asInt());
      return new GrpoLoss(config(), targets, window, 0);
    }

    /** Means of the sampler's log-probabilities minus the old policy's; zeros without a sampler. */
    private float[] drifts(int[] lengths) {
      float[] drifts = new float[lengths.length];
      Optional<float[]> sampler = masked("sampling_per_token_logps");
      Optional<float[]> old =
          masked("old_per_token_logps").or(() -> masked("per_token_logps")); // on-policy
      for (int c = 0, m = 0; sampler.isPresent() && c < lengths.length; c++) {
        double sum = 0;
        for (int t = 0; t < lengths[c]; t++, m++) {
          sum += (double) sampler.get()[m] - old.get()[m];
        }
        drifts[c] = (float) (sum / Math.max(1, lengths[c]));
      }
      return drifts;
    }

    /** Of each token; only a quantile needs them, so that some cases have none. */
    float[] entropies(int tokens) {
      return masked("entropies").orElseGet(() -> new float[tokens]);
    }

    /** The entries of a tensor under the mask, row by row. */
    Optional<float[]> masked(String name) {
      return Optional.of(json.path(name))
          .filter(JsonNode::isArray)
          .map(tensor -> GrpoTrace.masked(tensor, json.get("completion_mask_after")));
    }

    @Override
    public String toString() {
      return json.get("id") + " " + json.get("config").get("loss_type").asText();
    }
  }

  @ParameterizedTest(name = "case {0}")
  @MethodSource("cases")
  void lossAndGradientAreThoseOfTrl(Case golden) {
    float[] logProbs = golden.masked("per_token_logps").orElseThrow();
    float[] gradient = new float[logProbs.length];

    double loss =
        golden.loss().lossAndGradient(0, logProbs, golden.entropies(logProbs.length), gradient);

    double expected = golden.json.get("loss").asDouble();
    assertThat(loss).isCloseTo(expected, within(LOSS * Math.max(1, Math.abs(expected))));
    assertThat(gradient)
        .containsExactly(
            golden.masked("grad_per_token_logps").orElseThrow(), within((float) GRADIENT));
  }

  @ParameterizedTest(name = "case {0}")
  @MethodSource("cases")
  void runsOfTokensAddUpToTheWhole(Case golden) {
    GrpoLoss loss = golden.loss();
    float[] logProbs = golden.masked("per_token_logps").orElseThrow();
    float[] whole = new float[logProbs.length];
    double value = loss.lossAndGradient(0, logProbs, golden.entropies(logProbs.length), whole);
    if (loss.gradientDependsOn() == TokenLoss.Dependence.ALL_TARGETS) {
      assertThat(
              loss.config().ratio().level() == GrpoLossConfig.Level.SEQUENCE
                  || loss.config().ratio().masksOffPolicy()
                  || loss.config().reduction().lossType() == GrpoLossConfig.LossType.VESPO
                  || loss.config().topEntropyQuantile() < 1)
          .isTrue();
      return;
    }
    double sum = 0;
    for (int from = 0; from < logProbs.length; from += 5) {
      int to = Math.min(logProbs.length, from + 5);
      float[] run = Arrays.copyOfRange(logProbs, from, to);
      float[] gradient = new float[run.length];
      sum += loss.lossAndGradient(from, run, new float[run.length], gradient);
      assertThat(gradient).isEqualTo(Arrays.copyOfRange(whole, from, to));
    }
    assertThat(sum).isCloseTo(value, within(1e-12));
  }

  @ParameterizedTest(name = "case {0}")
  @MethodSource("cases")
  void metricsAreThoseOfTrl(Case golden) {
    float[] logProbs = golden.masked("per_token_logps").orElseThrow();
    Map<String, Double> named = golden.loss().metrics(logProbs, golden.entropies(logProbs.length));
    JsonNode expected = golden.json.get("metrics");
    if (expected.has("entropy")) {
      check("entropy", get(named, "entropy"), expected);
    }
    check("kl", get(named, "kl"), expected);
    check("clip_low_mean", get(named, "clip_ratio/low_mean"), expected);
    check("clip_low_min", get(named, "clip_ratio/low_min"), expected);
    check("clip_high_mean", get(named, "clip_ratio/high_mean"), expected);
    check("clip_high_max", get(named, "clip_ratio/high_max"), expected);
    check("clip_region_mean", get(named, "clip_ratio/region_mean"), expected);
    check("cispo_clip_ratio", get(named, "cispo_clip_ratio"), expected);
    check("vespo_phi", get(named, "vespo/phi_seq_mean"), expected);
  }

  private static OptionalDouble get(Map<String, Double> named, String name) {
    // JSON has no NaN: a share of no completions is null there
    return Double.isNaN(named.getOrDefault(name, Double.NaN))
        ? OptionalDouble.empty()
        : OptionalDouble.of(named.get(name));
  }

  private static void check(String name, OptionalDouble actual, JsonNode expected) {
    JsonNode value = expected.path(name);
    assertThat(actual.isPresent()).as(name).isEqualTo(value.isNumber());
    if (actual.isPresent()) {
      double bound = METRIC * Math.max(1, Math.abs(value.asDouble()));
      assertThat(actual.getAsDouble()).as(name).isCloseTo(value.asDouble(), within(bound));
    }
  }
}
