package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.observe.track.sink.Alert;

class AlertRulesTest {
  private final AlertRules rules = new AlertRules(0.05);

  /** For each value of a metric, the titles of what it raises. */
  private List<List<String>> raised(String metric, double... values) {
    List<List<String>> raised = new ArrayList<>();
    for (double value : values) {
      raised.add(rules.check(Map.of(metric, value)).stream().map(Alert::title).toList());
    }
    return raised;
  }

  private static final List<String> QUIET = List.of();

  @Test
  void saysWhenALossIsNotANumber() {
    assertThat(raised("loss", 1, Double.NaN, Double.NaN, 1, Double.POSITIVE_INFINITY))
        .as("once, and again after it was finite in between")
        .containsExactly(
            QUIET, List.of("Loss is not finite"), QUIET, QUIET, List.of("Loss is not finite"));
    assertThat(rules.check(Map.of("loss", 1.0, "grad_norm", Double.NaN)))
        .as("still not finite")
        .isEmpty();
  }

  @Test
  void saysWhenTheMeanRewardOfFiveRowsHasLostHalfOfItsBest() {
    // best mean of five: 0.8. Then means 0.66, 0.52, 0.38 ≤ 0.4
    assertThat(raised("reward", 0.8, 0.8, 0.8, 0.8, 0.8, 0.1, 0.1, 0.1, 0.1))
        .containsExactly(
            QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, List.of("Reward collapsed"), QUIET);
  }

  @Test
  void smallRewardsMayDoWhatTheyLike() {
    assertThat(raised("reward", 0.08, 0.08, 0.08, 0.08, 0.08, 0, 0, 0, 0, 0, 0))
        .as("0.08 lost")
        .allMatch(List::isEmpty);
  }

  @Test
  void negativeRewardsCollapseToo() {
    assertThat(raised("reward", -1, -1, -1, -1, -1, -4, -4, -4).get(5))
        .as("a mean of -1.6 is 0.6 below the best, -1")
        .containsExactly("Reward collapsed");
  }

  @Test
  void saysWhenNoPromptTellsItsCompletionsApart() {
    assertThat(raised("frac_reward_zero_std", 1, 1, 0.9, 1, 1, 1, 1, 1))
        .containsExactly(
            QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, List.of("Nothing to learn from"));
  }

  @Test
  void saysWhenEntropyIsBelowATenthOfWhatItWas() {
    // first mean 2.0; then 1.62, 1.24, 0.86, 0.48, 0.1
    assertThat(raised("entropy", 2, 2, 2, 2, 2, 0.1, 0.1, 0.1, 0.1, 0.1))
        .containsExactly(
            QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, List.of("Entropy died"));
  }

  @Test
  void saysWhenEntropyIsThreeTimesAndTwoNatsAboveTheFirst() {
    // means 0.2 + 0.8 k for k rows of 4.2: 1.0, 1.8, 2.6
    assertThat(raised("entropy", 0.2, 0.2, 0.2, 0.2, 0.2, 4.2, 4.2, 4.2))
        .containsExactly(
            QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, QUIET, List.of("Entropy exploded"));
  }

  @Test
  void saysAtOnceWhenNoCompletionIsJudged() {
    assertThat(rules.check(Map.of("completions/not_judged", 3.0, "reward", 0.5))).isEmpty();
    assertThat(rules.check(Map.of("completions/not_judged", 64.0)))
        .extracting(Alert::title)
        .containsExactly("Nothing is judged");
    assertThat(rules.check(Map.of("loss", 1.0))).as("another row").isEmpty();
  }

  @Test
  void saysWhenSamplerAndLearnerAreHalfwayToTheBound() {
    assertThat(
            raised("sampling/sampling_logp_difference/mean", 0.025, 0.026, 0.03, 0.01, Double.NaN))
        .containsExactly(
            QUIET,
            List.of("Sampler and learner drift apart"),
            QUIET,
            QUIET,
            List.of("Sampler and learner drift apart"));
  }

  @Test
  void anEarlierPolicyMayDifferFromTheLearner() {
    Map<String, Double> row = Map.of("sampling/sampling_logp_difference/mean", 0.04);
    Map<String, Double> old = new java.util.TreeMap<>(row);
    old.put("sample/staleness_max", 1.0);

    assertThat(rules.check(old)).isEmpty();
    assertThat(rules.check(row)).hasSize(1);
  }

  @Test
  void rowsWithoutAMetricLeaveItsRuleAsItIs() {
    raised("entropy", 2, 2, 2, 2, 2, 0, 0, 0, 0, 0);
    assertThat(rules.check(Map.of("eval_loss", 1.0))).isEmpty();
    assertThat(raised("entropy", 0).get(0)).as("said already").isEmpty();
  }
}
