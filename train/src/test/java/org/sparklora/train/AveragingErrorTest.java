package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.train.vector.FlatVector;

class AveragingErrorTest {
  /**
   * Four random signs a column over 21 layers of up to 96 outputs: the estimate scatters by a few
   * percent.
   */
  private static final double ESTIMATE_RELATIVE = 0.15;

  /** Weights and sketches are float32. */
  private static final double ROUNDING_RELATIVE = 1e-5;

  private TrainedModel model;
  private AdapterLayout layout;

  @BeforeEach
  void prepare(@TempDir Path folder) throws IOException {
    model = TestModels.adapter(TestModels.copy("llama-tiny", folder), 4, 0);
    layout = (AdapterLayout) model.layout();
  }

  private FlatVector random(long seed) {
    Random random = new Random(seed);
    float[] values = new float[(int) layout.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    FlatVector vector = new FlatVector(values.length);
    tensor(vector).write(0, values, 0, values.length);
    return vector;
  }

  private Tensor tensor(FlatVector vector) {
    return Engines.of(EngineChoice.USUAL).alias(vector.pointer(), vector.size()).tensor();
  }

  private FlatVector mean(List<FlatVector> vectors) {
    FlatVector mean = new FlatVector(layout.size());
    vectors.forEach(
        vector ->
            Engines.of(EngineChoice.USUAL)
                .addScaled(tensor(vector), 1f / vectors.size(), tensor(mean)));
    return mean;
  }

  @Test
  void estimatesTheErrorOfTheProducts() {
    List<FlatVector> workers = List.of(random(1), random(2), random(3));
    AveragingError measure = AveragingError.of(model);
    List<float[]> sketches = workers.stream().map(vector -> sketch(measure, vector, 1)).toList();

    double estimate = measure.relative(sketches, mean(workers).pointer()).orElseThrow();

    double exact = exact(workers, mean(workers));
    assertThat(estimate).isCloseTo(exact, within(ESTIMATE_RELATIVE * exact));
  }

  @Test
  void equalWorkersHaveNoError() {
    AveragingError measure = AveragingError.of(model);
    FlatVector worker = random(7);
    float[] sketch = sketch(measure, worker, 1);

    assertThat(measure.relative(List.of(sketch, sketch), worker.pointer()).orElseThrow()).isZero();
  }

  /** Target tokens weigh workers in the mean change of a round of local steps. */
  @Test
  void workersCountByTheirWeights() {
    AveragingError measure = AveragingError.of(model);
    FlatVector one = random(1);
    FlatVector other = random(2);
    FlatVector averaged = mean(List.of(one, other, other, other));
    float[] ofOther = sketch(measure, other, 1);
    List<float[]> repeated = List.of(sketch(measure, one, 1), ofOther, ofOther, ofOther);
    double expected = measure.relative(repeated, averaged.pointer()).orElseThrow();

    List<float[]> weighted = List.of(sketch(measure, one, 0.2), sketch(measure, other, 0.6));

    assertThat(measure.relative(weighted, averaged.pointer()).orElseThrow())
        .isCloseTo(expected, within(ROUNDING_RELATIVE * expected));
  }

  private static float[] sketch(AveragingError measure, FlatVector vector, double weight) {
    return measure.sketch(vector.pointer(), weight).orElseThrow();
  }

  @Test
  void oneWorkerIsNotMeasured() {
    AveragingError measure = AveragingError.of(model);
    FlatVector worker = random(7);

    assertThat(measure.relative(List.of(sketch(measure, worker, 1)), worker.pointer())).isEmpty();
  }

  /** The same by forming every product. */
  private double exact(List<FlatVector> workers, FlatVector mean) {
    double error = 0;
    double size = 0;
    for (String module : layout.modules()) {
      List<float[]> products = new ArrayList<>();
      workers.forEach(worker -> products.add(product(module, worker)));
      float[] ofMean = product(module, mean);
      for (int i = 0; i < ofMean.length; i++) {
        double average = 0;
        for (float[] product : products) {
          average += product[i] / products.size();
        }
        error += Math.pow(average - ofMean[i], 2);
        size += Math.pow(ofMean[i], 2);
      }
    }
    return Math.sqrt(error / size);
  }

  private float[] product(String module, FlatVector vector) {
    AdapterLayout.Factors factors = layout.factors(module).orElseThrow();
    float[] a = copy(factors.a(tensor(vector)));
    float[] b = copy(factors.b(tensor(vector)));
    float[] product = new float[factors.out() * factors.in()];
    for (int o = 0; o < factors.out(); o++) {
      for (int i = 0; i < factors.in(); i++) {
        for (int r = 0; r < factors.rank(); r++) {
          product[o * factors.in() + i] += b[o * factors.rank() + r] * a[r * factors.in() + i];
        }
      }
    }
    return product;
  }

  private static float[] copy(Tensor tensor) {
    return tensor.toArray();
  }
}
