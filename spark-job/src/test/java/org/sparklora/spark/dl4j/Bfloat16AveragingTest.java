package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.sparklora.spark.dl4j.TinyAdapter.round;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.StepRows;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.LocalWorkers;

/** Parameter averaging whose vectors travel as bfloat16. */
class Bfloat16AveragingTest extends TinyAdapterRuns {
  private static final double SMALL_RATE = 3e-5;

  /** Parameters change by less than half a unit of bfloat16's last place. */
  @Test
  void inBfloat16HalfOfTheBytesTravelAndWhatWorkersChangedIsAddedInFloat32() {
    TrainedNetwork network = adapter.network(4, SMALL_RATE);
    float[][] expected = state(network);
    float[] initial = expected[0];
    for (int round = 0; round < 2; round++) {
      expected = roundedRound(expected, 2 * round);
    }
    TestSpark.shareMemory(false);
    ParameterAveraging averaging =
        adapter.averaging(workers(2), network, TinyAdapter.mean(2, VectorType.BFLOAT16));
    averaging.train(round(2, 0));
    RoundReport report = averaging.train(round(2, 2));

    assertThat(state(network)).isDeepEqualTo(expected);
    assertThat(report.use().metrics(1, 1))
        .containsEntry("averaging_bytes", 3.0 * 3 * 2 * adapter.model().layout().size());
    int large = 0;
    int changed = 0;
    for (int i = 0; i < initial.length; i++) {
      if (Math.abs(initial[i]) > 0.0625) { // B began at 0
        assertThat(expected[0][i]).isCloseTo(initial[i], within(Math.abs(initial[i]) / 512));
        large++;
        changed += expected[0][i] == initial[i] ? 0 : 1;
      }
    }
    assertThat(changed).as("count what bfloat16 does not show").isGreaterThan(large / 2);
  }

  /** What a round in bfloat16 is, from what each worker alone makes of the rounded state. */
  private float[][] roundedRound(float[][] state, int firstStep) {
    float[][] start = {rounded(state[0]), rounded(state[1])};
    List<float[][]> changes = new ArrayList<>();
    for (List<StepRows> worker : round(2, firstStep)) {
      try (TrainedNetwork alone = adapter.network(4, SMALL_RATE)) {
        write(alone, start);
        adapter
            .averaging(new LocalWorkers(), alone, TinyAdapter.mean(2, VectorType.FLOAT32))
            .train(List.of(worker));
        float[][] trained = state(alone);
        for (int v = 0; v < 2; v++) {
          for (int i = 0; i < trained[v].length; i++) {
            trained[v][i] -= start[v][i];
          }
          trained[v] = rounded(trained[v]);
        }
        changes.add(trained);
      }
    }
    float[][] next = {state[0].clone(), state[1].clone()};
    for (int v = 0; v < 2; v++) {
      float[] sum = new float[next[v].length];
      for (int i = 0; i < sum.length; i++) {
        sum[i] = changes.get(0)[v][i] + changes.get(1)[v][i];
      }
      float[] sent = rounded(sum);
      for (int i = 0; i < sum.length; i++) {
        next[v][i] += sent[i] / 2;
      }
    }
    return next;
  }

  private static float[] rounded(float[] values) {
    float[] rounded = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      rounded[i] = Bfloat16.toFloat(Bfloat16.fromFloat(values[i]));
    }
    return rounded;
  }

  /** Parameters and moments. */
  private float[][] state(TrainedNetwork network) {
    return new float[][] {adapter.parameters(network).toArray(), moments(network).toArray()};
  }

  private void write(TrainedNetwork network, float[][] state) {
    adapter.parameters(network).write(0, state[0], 0, state[0].length);
    moments(network).write(0, state[1], 0, state[1].length);
  }

  private Tensor moments(TrainedNetwork network) {
    return Engines.of(EngineChoice.USUAL)
        .alias(network.vectors().moments(), 2 * adapter.model().layout().size())
        .tensor();
  }
}
