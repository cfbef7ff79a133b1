package org.sparklora.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.reward.GroupAdvantage.Aggregation;
import org.sparklora.reward.GroupAdvantage.Moments;
import org.sparklora.reward.GroupAdvantage.Scaling;

class GroupAdvantageTest {
  /** TRL computes in float32. */
  private static final double TOLERANCE = 1e-5;

  /** Rewards that differ by 1e-4 are divided by a deviation of float32's own errors. */
  private static final double TINY_DIFFERENCE_TOLERANCE = 1e-3;

  static Stream<JsonNode> goldenCases() {
    return JsonLines.read("/advantages.jsonl.gz").stream();
  }

  @ParameterizedTest
  @MethodSource("goldenCases")
  void agreesWithTrl(JsonNode golden) {
    double[][] rewards = new double[golden.get("rewards_per_func").size()][];
    for (int i = 0; i < rewards.length; i++) {
      rewards[i] = doubles(golden.get("rewards_per_func").get(i));
    }
    double[] advantages =
        GroupAdvantage.ofBatch(
            rewards,
            golden.get("num_generations").asInt(),
            doubles(golden.get("reward_weights")),
            Scaling.valueOf(golden.get("scale_rewards").asText().toUpperCase(Locale.ROOT)),
            Aggregation.valueOf(
                golden.get("multi_objective_aggregation").asText().toUpperCase(Locale.ROOT)));
    boolean tiny = golden.get("rewards_kind").asText().equals("tiny_diff");
    assertThat(advantages)
        .containsExactly(
            doubles(golden.get("advantages")),
            within(tiny ? TINY_DIFFERENCE_TOLERANCE : TOLERANCE));
  }

  private static double[] doubles(JsonNode array) {
    double[] values = new double[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).isNull() ? Double.NaN : array.get(i).asDouble();
    }
    return values;
  }

  @Test
  void twoOfFourCorrectAreWorthTheSameEitherWay() {
    // Mean 1/2, unbiased deviation √(1/3) = 0.57735; 0.5 / 0.57745 = 0.86588.
    double[] advantages = GroupAdvantage.of(new double[] {1, 0, 0, 1}, Scaling.GROUP);
    assertThat(advantages)
        .containsExactly(new double[] {0.86588, -0.86588, -0.86588, 0.86588}, within(1e-5));
  }

  @Test
  void unjudgedCompletionsCountNowhere() {
    double[] advantages = GroupAdvantage.of(new double[] {1, Double.NaN, 0}, Scaling.NONE);
    assertThat(advantages).containsExactly(0.5, 0, -0.5);
  }

  @Test
  void aLoneJudgedCompletionTeachesNothing() {
    double[] advantages = GroupAdvantage.of(new double[] {1, Double.NaN}, Scaling.GROUP);
    assertThat(advantages).containsExactly(0, 0);
  }

  @Test
  void flatGroupsAreRecognised() {
    assertThat(Moments.of(1, 1, 1).isFlat()).isTrue();
    assertThat(Moments.of(1, 0).isFlat()).isFalse();
  }

  @Test
  void refusesGroupsThatDoNotFit() {
    assertThatThrownBy(
            () ->
                GroupAdvantage.ofBatch(
                    new double[3][1],
                    2,
                    new double[] {1},
                    Scaling.GROUP,
                    Aggregation.SUM_THEN_NORMALIZE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 completions into groups of 2")
        .hasMessageContaining("num_generations");
  }

  @Test
  void refusesWeightsThatDoNotFit() {
    assertThatThrownBy(() -> GroupAdvantage.weightedSum(new double[] {1, 2}, new double[] {1}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("--reward_weights");
  }
}
