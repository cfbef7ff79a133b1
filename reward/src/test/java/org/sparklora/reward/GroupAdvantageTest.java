package org.sparklora.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.reward.GroupAdvantage.Aggregation;
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
    GroupAdvantage how =
        new GroupAdvantage(
            Scaling.valueOf(golden.get("scale_rewards").asText().toUpperCase(Locale.ROOT)),
            Aggregation.valueOf(
                golden.get("multi_objective_aggregation").asText().toUpperCase(Locale.ROOT)));
    int groupSize = golden.get("num_generations").asInt();
    double[] advantages = how.ofBatch(rewards, groupSize, doubles(golden.get("reward_weights")));
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
  void anInfiniteRewardCountsAsNotJudged() {
    for (double infinite : new double[] {Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
      assertThat(GroupAdvantage.of(new double[] {1, infinite, 0}, Scaling.NONE))
          .containsExactly(0.5, 0, -0.5);
      double[] weights = {1, 0.5};
      double[][] rewards = {{1, 0}, {infinite, infinite}, {0, 0}, {1, infinite}};
      double[][] unjudged = {{1, 0}, {Double.NaN, Double.NaN}, {0, 0}, {1, Double.NaN}};
      for (Aggregation aggregation : Aggregation.values()) {
        GroupAdvantage advantages = new GroupAdvantage(Scaling.GROUP, aggregation);
        assertThat(advantages.ofGroup(rewards, weights))
            .isEqualTo(advantages.ofGroup(unjudged, weights));
      }
    }
  }

  @Test
  void aLoneJudgedCompletionTeachesNothing() {
    double[] advantages = GroupAdvantage.of(new double[] {1, Double.NaN}, Scaling.GROUP);
    assertThat(advantages).containsExactly(0, 0);
  }

  /** Rewards that sums of are rounded, and weights that make of them what rounds again. */
  private static final double[] REWARDS = {
    0.1, 0.2, 0.3, 0.6, 0.7, 1.1, -0.9, 1e-7, 1 / 3.0, Math.PI, 12345.678, 1e9 + 0.1, 1, 0
  };

  private static final double[] WEIGHTS = {1, 0.1, 0.3, -0.7};

  static Stream<Arguments> rules() {
    return Stream.of(Aggregation.values())
        .flatMap(a -> Stream.of(Scaling.values()).map(s -> Arguments.of(s, a)));
  }

  /** In a batch with another group, which tells something and so gives the batch a deviation. */
  private static double[] besideAnother(
      double[][] group, double[] weights, Scaling scaling, Aggregation aggregation) {
    double[][] batch = Arrays.copyOf(group, 2 * group.length);
    for (int i = 0; i < group.length; i++) {
      batch[group.length + i] = new double[] {i * i, 1 + i};
    }
    double[] all = new GroupAdvantage(scaling, aggregation).ofBatch(batch, group.length, weights);
    return Arrays.copyOf(all, group.length);
  }

  @ParameterizedTest
  @MethodSource("rules")
  void groupsThatAgreeHaveAdvantagesOfExactlyZero(Scaling scaling, Aggregation aggregation) {
    for (int size = 2; size <= 16; size++) {
      for (double one : REWARDS) {
        for (double other : REWARDS) {
          for (double weight : WEIGHTS) {
            for (int unjudged = 0; unjudged < size; unjudged += 2) {
              double[][] group = new double[size][];
              for (int i = 0; i < size; i++) {
                group[i] =
                    i < unjudged
                        ? new double[] {Double.NaN, Double.NaN}
                        : new double[] {one, other};
              }
              double[] weights = {1, weight};
              assertThat(besideAnother(group, weights, scaling, aggregation))
                  .as("%d of %s and %s, weighted %s", size, one, other, weight)
                  .containsOnly(0);
              double[] values = new GroupAdvantage(scaling, aggregation).ofGroup(group, weights);
              assertThat(GroupAdvantage.isFlat(values)).isTrue();
            }
          }
        }
      }
    }
  }

  /** Each judges another half: one rises by what the other falls. */
  @ParameterizedTest
  @MethodSource("rules")
  void rewardsThatCancelTeachNothing(Scaling scaling, Aggregation aggregation) {
    for (int size = 2; size <= 16; size++) {
      for (double step : REWARDS) {
        double[][] group = new double[size][];
        for (int i = 0; i < size; i++) {
          group[i] = new double[] {0.3 + i * step, 0.8 - i * step};
        }
        assertThat(besideAnother(group, new double[] {0.7, 0.7}, scaling, aggregation))
            .as("%d rising by %s", size, step)
            .containsOnly(0);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("rules")
  void oneRewardThatDiffersTellsSomething(Scaling scaling, Aggregation aggregation) {
    for (int size = 2; size <= 16; size++) {
      for (double reward : REWARDS) {
        double[][] group = new double[size][];
        Arrays.setAll(group, i -> new double[] {reward, 0.5});
        group[size - 1] = new double[] {reward * (1 + 1e-6) + 1e-6, 0.5};
        double[] advantages = besideAnother(group, new double[] {1, 0.1}, scaling, aggregation);
        assertThat(GroupAdvantage.isFlat(advantages)).as("%d of %s", size, reward).isFalse();
        assertThat(advantages).doesNotContain(0);
      }
    }
  }

  @Test
  void aRewardThatIsItsGroupsMeanIsWorthExactlyNothing() {
    for (int half = 1; half <= 8; half++) {
      for (double step : new double[] {0.1, 0.3, 1 / 7.0, 1e-5}) {
        double[] rewards = new double[2 * half + 1];
        Arrays.setAll(rewards, i -> 0.1 + i * step);
        double[] advantages = GroupAdvantage.of(rewards, Scaling.GROUP);
        assertThat(advantages[half]).as("%d steps of %s", 2 * half, step).isZero();
        assertThat(advantages[0]).isNegative();
        assertThat(advantages[2 * half]).isPositive();
      }
    }
  }

  @Test
  void aRewardWithoutWeightTellsNothing() {
    double[][] rewards = {{1, 0.1}, {1, 0.9}, {1, 0.4}};
    for (Aggregation aggregation : Aggregation.values()) {
      GroupAdvantage advantages = new GroupAdvantage(Scaling.GROUP, aggregation);
      assertThat(advantages.ofBatch(rewards, 3, new double[] {1, 0})).containsOnly(0);
    }
  }

  @Test
  void refusesGroupsThatDoNotFit() {
    GroupAdvantage advantages = new GroupAdvantage(Scaling.GROUP, Aggregation.SUM_THEN_NORMALIZE);
    assertThatThrownBy(() -> advantages.ofBatch(new double[3][1], 2, new double[] {1}))
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
