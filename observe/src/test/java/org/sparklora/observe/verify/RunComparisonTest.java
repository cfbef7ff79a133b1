package org.sparklora.observe.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;

class RunComparisonTest {

  private static Map<String, Object> row(int step, String name, Object value) {
    Map<String, Object> row = new HashMap<>();
    row.put("step", step);
    row.put(name, value);
    return row;
  }

  private static Baseline run(Object... losses) {
    return Baseline.of(
        Map.of("learning_rate", 0.1, "output_dir", "a"),
        java.util.stream.IntStream.range(0, losses.length)
            .mapToObj(i -> row(i + 1, "loss", losses[i]))
            .toList());
  }

  private static List<String> differences(Baseline expected, Baseline found) {
    return RunComparison.of(expected, found).differences().stream()
        .map(d -> "%s %d %s %s".formatted(d.metric(), d.step(), d.expected(), d.found()))
        .toList();
  }

  @Test
  void allowsWhatItsToleranceAllows() {
    assertThat(new Tolerance(0.5, 0).allows(2, 2.5)).isTrue();
    assertThat(new Tolerance(0.25, 0.125).allows(-2, -2.5)).isTrue();
    assertThat(new Tolerance(0.25, 0.125).allows(-2, -2.51)).isFalse();
    assertThat(new Tolerance(1, 1).allows(2, Double.NaN)).isFalse();
    assertThat(new Tolerance(0, 0).allows(3, 3)).isTrue();
  }

  @Test
  void namesMetricStepAndValuesOfWhatDiffers() {
    assertThat(differences(run(4.0, 3.0, 2.0), run(4.0, 3.05, 2.0))).as("within 2 %").isEmpty();
    assertThat(differences(run(4.0, 3.0, 2.0), run(4.0, 3.07, 2.0)))
        .containsExactly("loss 2 3.00000 3.07000");
  }

  @Test
  void missingAndSurplusPointsDiffer() {
    assertThat(differences(run(4.0, 3.0), run(4.0))).containsExactly("loss 2 3.00000 missing");
    assertThat(differences(run(4.0), run(4.0, 3.0))).containsExactly("loss 2 missing 3.00000");
    assertThat(differences(run(4.0), Baseline.of(Map.of(), List.of())))
        .containsExactly("loss 1 4.00000 missing");
  }

  @Test
  void whatSampledCompletionsGiveHasRoom() {
    for (String name :
        List.of(
            "reward",
            "completions/mean_length",
            "groups/without_signal",
            "kl",
            "dynamic_sampling/draws",
            "eval_rewards/accuracy_reward/mean")) {
      assertThat(Tolerance.usual(name)).as(name).isEqualTo(new Tolerance(0.1, 0.1));
    }
  }

  @Test
  void nullAgreesWithNullOnly() {
    assertThat(differences(run(4.0, null), run(4.0, null))).isEmpty();
    assertThat(differences(run(4.0, null), run(4.0, 1.0))).containsExactly("loss 2 null 1.00000");
  }

  @Test
  void newMetricsAndTimesAreNotLookedAt() {
    Baseline expected = Baseline.of(Map.of(), List.of(Map.of("step", 1, "train_runtime", 3.0)));
    assertThat(expected.curves()).isEmpty();
    assertThat(differences(expected, Baseline.of(Map.of(), List.of(Map.of("step", 1, "kl", 0.1)))))
        .isEmpty();
  }

  @Test
  void saysWhichSettingsDiffer() {
    Baseline other = new Baseline(Map.of("learning_rate", 0.2, "seed", 1), run(4.0).curves());
    assertThat(RunComparison.of(run(5.0), other).settings())
        .containsExactly("learning_rate: 0.1 → 0.2", "seed: unset → 1");
  }

  @Test
  void baselineReadsBackTheSame() {
    Baseline baseline = run(4.0, null, 2.5);
    assertThat(Baseline.parse(baseline.toJson(), "f")).isEqualTo(baseline);
  }

  @Test
  void damagedBaselinesAreRefusedWithWhatIsWrong() {
    assertThatThrownBy(() -> Baseline.parse("{", "b.json"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("baseline = b.json")
        .hasMessageContaining("not JSON");
    assertThatThrownBy(() -> Baseline.parse("{\"format\": 2, \"metrics\": {}}", "b.json"))
        .hasMessageContaining("no baseline of format 1");
    assertThatThrownBy(
            () ->
                Baseline.parse(
                    "{\"format\":1,\"metrics\":{\"loss\":{\"absolute\":0,\"relative\":0,\"points\":[[1]]}}}",
                    "b.json"))
        .hasMessageContaining("[1] of metric loss is no [step, value]");
    assertThatThrownBy(
            () -> Baseline.parse("{\"format\":1,\"metrics\":{\"loss\":{\"points\":[]}}}", "b"))
        .hasMessageContaining("metric loss needs absolute");
  }
}
