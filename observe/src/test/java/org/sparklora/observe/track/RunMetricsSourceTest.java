package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Values of Spark's metrics, without a session. */
class RunMetricsSourceTest {
  private static double shown(RunMetricsSource source, String name) {
    return (double) source.metricRegistry().getGauges().get(name).getValue();
  }

  @Test
  void aMetricWhoseLatestValueIsNotFiniteIsNaN() {
    RunMetricsSource source = RunMetricsSource.register(() -> 1, 2);
    source.show(Map.of("reward", 0.5, "entropy", 1.5));
    Map<String, Object> row = new HashMap<>(Map.of("grad_norm", 0.1));
    row.put("reward", null); // no completion was judged
    source.show(row);

    assertThat(shown(source, "reward")).isNaN();
    assertThat(shown(source, "entropy")).isEqualTo(1.5);
    assertThat(shown(source, "grad_norm")).isEqualTo(0.1);
  }
}
