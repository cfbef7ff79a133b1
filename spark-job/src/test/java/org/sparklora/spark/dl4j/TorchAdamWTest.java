package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.schedule.ISchedule;

class TorchAdamWTest {
  /** Parameters are about 2, where float32 resolves 2.4e-7; five roundings of at most that. */
  private static final double FLOAT_STEPS = 5e-7;

  private static final double DECAY = 0.1;

  /** Rates written out one by one. */
  private record Rates(double[] values) implements ISchedule {
    @Override
    public double valueAt(int iteration, int epoch) {
      return values[iteration];
    }

    @Override
    public ISchedule clone() {
      return this;
    }
  }

  @Test
  void agreesWithTorchWhereGradientsShrinkVanishAndTheRateIsZero() throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    JsonNode golden = mapper.readTree(getClass().getResourceAsStream("/torch/adamw.json"));
    double[] rates = mapper.convertValue(golden.get("lr"), double[].class);
    INDArray parameters =
        Nd4j.createFromArray(mapper.convertValue(golden.get("initial"), float[].class));
    INDArray state = Nd4j.create(2 * parameters.length());
    GradientUpdater<TorchAdamW> updater =
        new TorchAdamW(0.9, 0.999, 1e-8, new Rates(rates)).instantiate(state, true);
    int decayed = golden.get("decayed").asInt();

    for (int step = 0; step < rates.length; step++) {
      JsonNode expected = golden.get("steps").get(step);
      INDArray gradient =
          Nd4j.createFromArray(mapper.convertValue(expected.get("gradient"), float[].class));
      updater.applyUpdater(gradient, step, 0);
      new WeightDecay(DECAY, true)
          .apply(first(parameters, decayed), first(gradient, decayed), rates[step], step, 0);
      parameters.subi(gradient);

      double[] after = mapper.convertValue(expected.get("after"), double[].class);
      for (int i = 0; i < after.length; i++) {
        assertThat(parameters.getDouble(i))
            .as("step %d, parameter %d", step, i)
            .isCloseTo(after[i], within(FLOAT_STEPS));
      }
    }
  }

  private static INDArray first(INDArray vector, int count) {
    return vector.get(NDArrayIndex.interval(0, count));
  }

  @Test
  void equalSettingsAreEqualSoThatDl4jUpdatesAllParametersInOnePass() {
    Rates rates = new Rates(new double[] {1});
    assertThat(new TorchAdamW(0.9, 0.999, 1e-8, rates))
        .isEqualTo(new TorchAdamW(0.9, 0.999, 1e-8, rates))
        .isNotEqualTo(new TorchAdamW(0.9, 0.99, 1e-8, rates));
  }
}
