package org.sparklora.train.meter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ExecutorUseTest {
  private static final long SECOND = 1_000_000_000;

  private static ExecutorReading reading(
      String executor, Effort training, Effort generation, long heap) {
    return new ExecutorReading(
        executor, training, generation, Map.of("peak_memory_heap", heap, "peak_memory_gpu", 7L));
  }

  @Test
  void theSlowestExecutorStandsOut() {
    ExecutorUse use = new ExecutorUse();
    use.add(reading("1", new Effort(300, 2 * SECOND), Effort.NONE, 50));
    use.add(reading("0", new Effort(500, SECOND), new Effort(80, 2 * SECOND), 40));
    use.add(reading("1", new Effort(100, 2 * SECOND), Effort.NONE, 30));
    use.addBytes(600);
    use.addBytes(100);

    assertThat(use.metrics(5, 2))
        .containsExactly(
            entry("averaging_bytes", 350.0),
            entry("averaging_seconds", 0.5), // executor 1 was busy for 4 of 5 seconds
            entry("executors/0/completion_tokens_per_second", 40.0),
            entry("executors/0/peak_memory_gpu", 7L),
            entry("executors/0/peak_memory_heap", 40L),
            entry("executors/0/tokens_per_second", 500.0),
            entry("executors/1/peak_memory_gpu", 7L),
            entry("executors/1/peak_memory_heap", 50L),
            entry("executors/1/tokens_per_second", 100.0),
            entry("executors/count", 2),
            entry("executors/max_completion_tokens_per_second", 40.0),
            entry("executors/max_peak_memory_gpu", 7L),
            entry("executors/max_peak_memory_heap", 50L),
            entry("executors/max_tokens_per_second", 500.0),
            entry("executors/mean_completion_tokens_per_second", 40.0),
            entry("executors/mean_tokens_per_second", 300.0),
            entry("executors/min_completion_tokens_per_second", 40.0),
            entry("executors/min_tokens_per_second", 100.0));
  }

  @Test
  void comparisonsLeaveOutWhatTellsOfMachines() {
    ExecutorUse use = new ExecutorUse();
    use.add(reading("0", new Effort(500, SECOND), new Effort(80, SECOND), 40));

    assertThat(use.metrics(5, 1).keySet()).allMatch(MachineMetrics::contain);
    assertThat(new PeakMemory().metrics().keySet()).allMatch(MachineMetrics::contain);
    assertThat("step_time eval_runtime train_steps_per_second averaging_error".split(" "))
        .allMatch(MachineMetrics::contain);
    assertThat("loss reward completions/mean_length num_tokens eval_loss kl step".split(" "))
        .noneMatch(MachineMetrics::contain);
  }

  @Test
  void aReadingHoldsWhatWasDoneSinceTheLast() {
    ExecutorMeter meter = new ExecutorMeter(new PeakMemory());
    meter.trained(30, 5);
    meter.trained(0, 4);
    meter.generated(8, 3);

    ExecutorReading first = meter.read("3");
    assertThat(first.executor()).isEqualTo("3");
    assertThat(first.training()).isEqualTo(new Effort(30, 9));
    assertThat(first.generation()).isEqualTo(new Effort(8, 3));
    assertThat(first.memory()).containsKey("peak_memory_heap");
    assertThat(meter.read("3").training()).isEqualTo(Effort.NONE);
  }
}
