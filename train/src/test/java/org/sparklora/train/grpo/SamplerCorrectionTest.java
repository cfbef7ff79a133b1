package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
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
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.loss.GrpoLossConfig.LossType;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.train.grpo.SamplerCorrection.Mode;

/** Against TRL's own ratios, and by hand. */
class SamplerCorrectionTest {
  private static final Path CASES =
      Path.of("../model/src/test/resources/golden/grpo/loss_cases_sampler.jsonl.gz");
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Exponentials in float32 there and in float64 here. */
  private static final float ROUNDING = 2e-6f;

  private static final float[] LEARNER = {-1, -2};
  private static final float[] SAMPLER = {-1.5f, -1.5f}; // ratios e^0.5, e^-0.5; of both 1

  private static float[] weights(Mode mode, double least, double most) {
    return new SamplerCorrection(mode, least, most).weights(LEARNER, SAMPLER);
  }

  @Test
  void ratiosAreTruncatedOrMasked() {
    float up = (float) Math.exp(0.5);
    float down = (float) Math.exp(-0.5);
    assertThat(weights(Mode.TOKEN_TRUNCATE, 0, 3)).containsExactly(up, down);
    assertThat(weights(Mode.TOKEN_TRUNCATE, 0.75, 1.5)).containsExactly(1.5f, 0.75f);
    assertThat(weights(Mode.TOKEN_MASK, 0.75, 1.7)).containsExactly(up, 0);
    assertThat(weights(Mode.SEQUENCE_TRUNCATE, 0, 0.5)).containsExactly(0.5f, 0.5f);
    assertThat(weights(Mode.SEQUENCE_MASK, 0, 0.5)).containsExactly(0, 0);
    assertThat(weights(Mode.SEQUENCE_MASK, 0, 3)).containsExactly(1, 1);
    assertThat(weights(Mode.TOKEN_MASK, 0.75, Double.POSITIVE_INFINITY)).containsExactly(up, 0);
  }

  /** A teacher's divergence is weighted by the ratio to the old policy, which the sampler was. */
  @Test
  void aTaughtCompletionHasItsSamplerAsOldPolicy() {
    SamplerCorrection correction = new SamplerCorrection(Mode.TOKEN_TRUNCATE, 0, 3);
    PolicyRow row = PolicyRow.of(new int[] {1}, new int[] {2, 3}, 0, false).withOld(LEARNER);
    for (boolean isTaught : new boolean[] {false, true}) {
      PolicyRow.OfTokens corrected =
          correction.corrected(row, LEARNER, SAMPLER, isTaught).ofTokens();
      assertThat(corrected.oldLogProbs()).isEqualTo(isTaught ? SAMPLER : LEARNER);
      assertThat(corrected.weights()).isEqualTo(weights(Mode.TOKEN_TRUNCATE, 0, 3));
    }
  }

  private static Optional<SamplerCorrection> of(String flags) {
    return SamplerCorrection.of(
        CommandLine.parse("grpo", flags.isEmpty() ? List.of() : List.of(flags.split(" ")))
            .settings());
  }

  @Test
  void boundsThatAreNotSetAreTrls() {
    assertThat(of("")).contains(new SamplerCorrection(Mode.SEQUENCE_MASK, 0, 3));
    assertThat(of("--vllm_importance_sampling_clip_min 0.5 --vllm_importance_sampling_cap 2"))
        .contains(new SamplerCorrection(Mode.SEQUENCE_MASK, 0.5, 2));
    assertThat(of("--no_vllm_importance_sampling_correction")).isEmpty();
  }

  @Test
  void ratiosMayHaveNoUpperBoundUnlessTheyAreTruncatedToNone() {
    String none = "--vllm_importance_sampling_clip_max none";
    String truncate = none + " --vllm_importance_sampling_mode token_truncate";
    double infinite = Double.POSITIVE_INFINITY;
    assertThat(of(none)).contains(new SamplerCorrection(Mode.SEQUENCE_MASK, 0, infinite));
    assertThat(of(truncate + " --vllm_importance_sampling_clip_min 0.5"))
        .contains(new SamplerCorrection(Mode.TOKEN_TRUNCATE, 0.5, infinite));
    assertThatThrownBy(() -> of(truncate))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_importance_sampling_clip_max = none")
        .hasMessageContaining("set this one or vllm_importance_sampling_clip_min");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--vllm_importance_sampling_clip_min 3",
        "--vllm_importance_sampling_clip_min 4 --vllm_importance_sampling_clip_max 3.5",
        "--vllm_importance_sampling_clip_min 1 --vllm_importance_sampling_cap 0.5"
      })
  void boundsWithoutARatioBetweenThemAreRefused(String flags) {
    assertThatThrownBy(() -> of(flags))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_importance_sampling_clip_min = ")
        .hasMessageContaining("below the upper bound of ");
  }

  @Test
  void vespoIsNotCorrectedBySequence() {
    for (String drawers : List.of("", " --max_staleness 1")) {
      assertThat(of("--loss_type vespo --vllm_importance_sampling_mode token_mask" + drawers))
          .isPresent();
    }
    assertThatThrownBy(() -> of("--loss_type vespo --max_staleness 1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_importance_sampling_mode = sequence_mask");
    SamplerCorrection unused = of("--loss_type vespo").orElseThrow();
    unused.requireFits(LossType.DAPO);
    assertThatThrownBy(() -> unused.requireFits(LossType.VESPO))
        .isInstanceOf(ConfigException.class);
  }

  static Stream<JsonNode> cases() throws IOException {
    List<JsonNode> cases = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(CASES)), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        cases.add(JSON.readTree(line));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void ratiosAndMetricsAreTrls(JsonNode json) {
    JsonNode config = json.get("config");
    String mode = config.get("vllm_importance_sampling_mode").asText();
    SamplerCorrection correction =
        new SamplerCorrection(
            Mode.valueOf(mode.toUpperCase(Locale.ROOT)),
            config.path("vllm_importance_sampling_clip_min").asDouble(0),
            config.path("vllm_importance_sampling_clip_max").asDouble());
    List<float[]> weights = new ArrayList<>();
    LogProbGuard guard = new LogProbGuard(0, 1);
    int masked = 0;
    for (int c = 0; c < json.get("advantages").size(); c++) {
      int length = 0;
      for (JsonNode bit : json.get("completion_mask_after").get(c)) {
        length += bit.asInt();
      }
      if (length == 0) {
        masked++;
        continue;
      }
      float[] learner = row(json, "learner_per_token_logps", c, length);
      float[] sampler = row(json, "sampling_per_token_logps", c, length);
      weights.add(correction.weights(learner, sampler));
      guard.compare(List.of(sampler), List.of(learner));
      assertThat(weights.get(weights.size() - 1))
          .containsExactly(row(json, "importance_sampling_ratio", c, length), within(3 * ROUNDING));
    }
    Map<String, Double> metrics = correction.metrics(weights, masked);
    for (String name : List.of("min", "mean", "max")) {
      assertThat(metrics.get("sampling/importance_sampling_ratio/" + name))
          .isCloseTo(json.at("/sampling/" + name).asDouble(), within(1e-5));
      if (!name.equals("min")) {
        assertThat(guard.metrics().get("sampling/sampling_logp_difference/" + name))
            .isCloseTo(json.at("/sampling/difference_" + name).asDouble(), within(1e-5));
      }
    }
  }

  private static float[] row(JsonNode json, String name, int c, int length) {
    float[] row = new float[length];
    for (int t = 0; t < length; t++) {
      row[t] = json.get(name).get(c).get(t).floatValue();
    }
    return row;
  }
}
