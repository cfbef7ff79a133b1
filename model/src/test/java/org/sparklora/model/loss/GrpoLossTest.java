package org.sparklora.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.loss.GrpoLossConfig.Level;
import org.sparklora.model.loss.GrpoLossConfig.LossType;
import org.sparklora.model.loss.PolicyTargets.Completion;

/** Two completions of 1 and 2 tokens, advantages 2 and −1, with numbers written out. */
class GrpoLossTest {
  private static final float LN2 = (float) Math.log(2);

  /** Gradients are float32. */
  private static final float ROUNDING = 1e-6f;

  private static final AccumulationWindow ALONE = AccumulationWindow.of(1, 3, 1);

  private static GrpoLossConfig config(LossType type, Level level, double beta, double quantile) {
    return GrpoLossConfigs.of(type, level, beta, quantile);
  }

  private static PolicyTargets targets(float[] old, float[] reference) {
    return new PolicyTargets(
        List.of(new Completion(1, 2, 0), new Completion(2, -1, 0)),
        Optional.ofNullable(old),
        Optional.ofNullable(reference),
        Optional.empty(),
        0);
  }

  private record Outcome(double loss, float[] gradient, Map<String, Double> metrics) {}

  private static Outcome run(GrpoLoss loss, float[] logProbs, float[] entropies) {
    float[] gradient = {9, 9, 9};
    double value = loss.lossAndGradient(0, logProbs, entropies, gradient);
    return new Outcome(value, gradient, loss.metrics(logProbs, entropies));
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    // loss on the policy itself: −A for each token; weights of a token of each completion
    "GRPO,    -0.5,    0.5,      0.25", // 1/(1·2), 1/(2·2)
    "BNPO,    0,       0.333333, 0.333333",
    "DR_GRPO, 0,       0.05,     0.05", // 1/(2·10)
    "DAPO,    0,       0.333333, 0.333333",
    "LUSPO,   0,       0.5,      0.5"
  })
  void everyTokenHasTheWeightOfItsLossType(
      LossType type, double expectedLoss, float first, float second) {
    GrpoLoss loss = new GrpoLoss(config(type, Level.TOKEN, 0, 1), targets(null, null), ALONE, 0);
    Outcome outcome = run(loss, new float[] {-1, -2, -3}, new float[3]);

    assertThat(outcome.loss).isCloseTo(expectedLoss, within(1e-9));
    assertThat(outcome.gradient)
        .containsExactly(new float[] {-2 * first, second, second}, within(ROUNDING));
  }

  /** On-policy distillation: the gradient of the reverse KL divergence is (p − r) · ∇p. */
  @Test
  void withoutAdvantagesTheReferenceTeachesByToken() {
    PolicyTargets targets =
        new PolicyTargets(
            List.of(new Completion(1, 0, 0), new Completion(2, 0, 0)),
            Optional.empty(),
            Optional.of(new float[] {-3, -2, -1}),
            Optional.empty(),
            0);
    GrpoLoss loss = new GrpoLoss(config(LossType.BNPO, Level.TOKEN, 1, 1), targets, ALONE, 0);

    float[] gradient = run(loss, new float[] {-1, -2, -3}, new float[3]).gradient;

    assertThat(gradient).containsExactly(new float[] {2 / 3f, 0, -2 / 3f}, within(ROUNDING));
  }

  @Test
  void microBatchesOfAStepShareItsLoss() {
    AccumulationWindow four = AccumulationWindow.of(4, 24, 8); // 12 tokens a step
    float[] logProbs = {-1, -2, -3};
    PolicyTargets targets = targets(null, null);
    GrpoLoss grpo = new GrpoLoss(config(LossType.GRPO, Level.TOKEN, 0, 1), targets, four, 0);
    GrpoLoss dapo = new GrpoLoss(config(LossType.DAPO, Level.TOKEN, 0, 1), targets, four, 0);

    assertThat(run(grpo, logProbs, new float[3]).loss).isCloseTo(-0.5 / 4, within(1e-9));
    assertThat(run(dapo, logProbs, new float[3]).gradient)
        .containsExactly(new float[] {-2 / 12f, 1 / 12f, 1 / 12f}, within(ROUNDING));
  }

  @Test
  void ratiosBeyondTheirBoundsPassNoGradient() {
    // ratios 2, 1/2 and 2: clipped for A = 2 from above and for A = −1 from below, not for the last
    float[] logProbs = {-1, -2, -3};
    float[] old = {-1 - LN2, -2 + LN2, -3 - LN2};
    GrpoLoss loss =
        new GrpoLoss(config(LossType.BNPO, Level.TOKEN, 0, 1), targets(old, null), ALONE, 0);
    Outcome outcome = run(loss, logProbs, new float[] {1, 2, 6});

    assertThat(outcome.loss).isCloseTo((-1.2 * 2 + 0.8 + 2) / 3, within(1e-6));
    assertThat(outcome.gradient).containsExactly(new float[] {0, 0, 2 / 3f}, within(ROUNDING));
    assertThat(outcome.metrics)
        .containsExactly(
            entry("entropy", 3.0),
            entry("clip_ratio/low_mean", 1 / 3.0),
            entry("clip_ratio/low_min", 0.0),
            entry("clip_ratio/high_mean", 1 / 3.0),
            entry("clip_ratio/high_max", 1.0),
            entry("clip_ratio/region_mean", 2 / 3.0));
  }

  /** Expected values of TRL 1.16 on PyTorch 2.15, whose clamp passes no gradient at its bounds. */
  @Test
  void aRatioAtItsBoundPassesHalfOfTheGradient() {
    GrpoLossConfig usual = config(LossType.BNPO, Level.TOKEN, 0, 1);
    GrpoLossConfig.Ratio exact =
        new GrpoLossConfig.Ratio(
            Level.TOKEN, 0, 0, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY);
    GrpoLossConfig config =
        new GrpoLossConfig(usual.reduction(), exact, usual.divergence(), usual.soft(), 1, 1);
    GrpoLoss loss = new GrpoLoss(config, targets(null, null), ALONE, 0);

    float[] gradient = run(loss, new float[] {-1, -2, -3}, new float[3]).gradient;

    assertThat(gradient).containsExactly(new float[] {-1 / 3f, 1 / 6f, 1 / 6f}, within(ROUNDING));
  }

  @Test
  void aSequenceHasTheGeometricMeanOfItsRatios() {
    // second completion: ratios 2 and 1/2, mean 1
    float[] logProbs = {-1, -2, -3};
    float[] old = {-1, -2 - LN2, -3 + LN2};
    GrpoLoss loss =
        new GrpoLoss(config(LossType.BNPO, Level.SEQUENCE, 0, 1), targets(old, null), ALONE, 0);
    assertThat(loss.gradientDependsOn()).isEqualTo(TokenLoss.Dependence.ALL_TARGETS);
    Outcome outcome = run(loss, logProbs, new float[3]);

    assertThat(outcome.loss).isCloseTo(0, within(1e-6));
    assertThat(outcome.gradient)
        .containsExactly(new float[] {-2 / 3f, 1 / 3f, 1 / 3f}, within(ROUNDING));
    assertThat(outcome.metrics).containsEntry("clip_ratio/region_mean", 0.0);
  }

  @Test
  void divergenceIsSchulmansEstimatorTimesTheRatio() {
    // on policy: ratio 1; r − p = ln 2 for the first token only: kl = 2 − ln 2 − 1
    float[] logProbs = {-1, -2, -3};
    GrpoLoss loss =
        new GrpoLoss(
            config(LossType.BNPO, Level.TOKEN, 0.5, 1),
            targets(null, new float[] {-1 + LN2, -2, -3}),
            ALONE,
            0);
    Outcome outcome = run(loss, logProbs, new float[3]);
    double kl = 1 - Math.log(2);

    assertThat(outcome.loss).isCloseTo(0.5 * kl / 3, within(1e-6));
    // derivative of kl: 1 − 2; of the ratio: kl
    assertThat(outcome.gradient[0])
        .isCloseTo((float) ((-2 + 0.5 * (kl - 1)) / 3), within(ROUNDING));
    assertThat(outcome.metrics.get("kl")).isCloseTo(kl / 3, within(1e-6));
  }

  @Test
  void onlyTokensOfHighEntropyAreTrainedOn() {
    // the upper half of 1, 2, 6 is 2 and 6: the median stays
    GrpoLoss loss =
        new GrpoLoss(config(LossType.BNPO, Level.TOKEN, 0, 0.5), targets(null, null), ALONE, 0);
    assertThat(loss.gradientDependsOn()).isEqualTo(TokenLoss.Dependence.ALL_TARGETS);
    Outcome outcome = run(loss, new float[] {-1, -2, -3}, new float[] {1, 2, 6});

    assertThat(outcome.gradient).containsExactly(new float[] {0, 1 / 3f, 1 / 3f}, within(ROUNDING));
    assertThat(outcome.loss).isCloseTo(2 / 3.0, within(1e-9));
  }

  @Test
  void quantilesInterpolateAsPyTorchDoes() {
    assertThat(GrpoLoss.quantile(new float[] {6, 1, 2}, 0.5f)).isEqualTo(2);
    assertThat(GrpoLoss.quantile(new float[] {6, 1, 2}, 0.75f)).isEqualTo(4);
    assertThat(GrpoLoss.quantile(new float[] {6, 1, 2}, 0.25f)).isEqualTo(1.5f);
    // float32's 0.8 is a little more: torch.quantile lies above the ninth of these, not on it
    float[] eleven = {0, 0.025f, 0.05f, 0.075f, 0.1f, 0.125f, 0.15f, 0.175f, 0.2f, 4, 4};
    assertThat(GrpoLoss.quantile(eleven, (float) (1 - 0.2))).isEqualTo(0.20000045f);
    assertThat(GrpoLoss.quantile(new float[0], 0.5f)).isNaN();
  }

  @Test
  void namesAreThoseOfTrl() {
    GrpoMetrics clipped = new GrpoMetrics(config(LossType.GRPO, Level.TOKEN, 0.1, 1));
    assertThat(clipped.named())
        .containsOnlyKeys(
            "kl",
            "entropy",
            "clip_ratio/low_mean",
            "clip_ratio/low_min",
            "clip_ratio/high_mean",
            "clip_ratio/high_max",
            "clip_ratio/region_mean");
    GrpoMetrics bounded = new GrpoMetrics(config(LossType.CISPO, Level.TOKEN, 0, 1));
    assertThat(bounded.named()).containsOnlyKeys("entropy", "cispo_clip_ratio");
  }

  @Test
  void refusesWhatDoesNotFit() {
    assertThatThrownBy(
            () ->
                new GrpoLoss(
                    config(LossType.GRPO, Level.TOKEN, 0.1, 1), targets(null, null), ALONE, 0))
        .hasMessageContaining("beta = 0.1")
        .hasMessageContaining("reference");
    assertThatThrownBy(() -> config(LossType.GRPO, Level.TOKEN, -1, 1))
        .hasMessageContaining("beta = -1.0");
    assertThatThrownBy(() -> config(LossType.GRPO, Level.TOKEN, 0, 0))
        .hasMessageContaining("top_entropy_quantile = 0.0");
    assertThatThrownBy(() -> AccumulationWindow.of(0, 1, 1)).hasMessageContaining("at least 1");
  }
}
