package org.sparklora.sweep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrialOutcomeTest {
  /** The last update destroyed the model: no step follows that would find its loss. */
  @Test
  void aLastEvaluationThatIsNotFiniteLeavesNoMetric() {
    Map<String, Object> destroyed = new HashMap<>(Map.of("step", 100, "eval_runtime", 1.5));
    destroyed.put("eval_loss", null);
    List<Map<String, Object>> rows =
        List.of(
            Map.of("step", 50, "eval_loss", 2.0, "eval_runtime", 1.5),
            Map.of("step", 90, "loss", 1.9),
            destroyed,
            Map.of("step", 100, "train_runtime", 60.0));
    TrialOutcome outcome =
        new TrialOutcome(
            "t", Map.of(), TrialOutcome.State.DONE, "", 100, 60, 10, TrialOutcome.numbers(rows));
    SweepMetric evaluated = new SweepMetric("eval_loss", true, 1);

    assertThat(outcome.metric(evaluated, TrialOutcome.END)).isNaN();
    assertThat(outcome.metric(evaluated, 50)).isEqualTo(2);
    assertThat(outcome.metric(new SweepMetric("loss", true, 1), TrialOutcome.END)).isEqualTo(1.9);
  }
}
