package org.sparklora.train;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The relative error of averaging factors instead of updates: {@code ‖Σ wᵢBᵢAᵢ − B̄Ā‖ / ‖B̄Ā‖} in
 * the Frobenius norm, over all targeted layers together, with the weights w of the average.
 *
 * <p>The products are as large as the base model, so they are never formed. Each worker sends the
 * sketch {@code BᵢAᵢΩ}, with Ω {@code (in, S)} of random signs drawn from one seed on all workers.
 * Since E[ΩΩᵀ] = S·I, the squared norm of a sketch divided by S is an unbiased estimate of the
 * squared norm of the product, and sketches average as products do.
 *
 * <p>Immutable and thread-safe.
 *
 * @param layout null if nothing is measured
 */
public record AveragingError(AdapterLayout layout) implements Serializable {
  /**
   * S: the estimate of a norm is off by about √(2/S)/√layers. A sketch is S/R of the size of all B.
   */
  private static final int COLUMNS = 4;

  private static final long SEED = 20250929;

  /** The measure for an adapter; does nothing for full fine-tuning, whose averages are exact. */
  public static AveragingError of(TrainedModel model) {
    return new AveragingError(model.layout() instanceof AdapterLayout adapter ? adapter : null);
  }

  public static AveragingError none() {
    return new AveragingError(null);
  }

  /**
   * {@code BAΩ} of every targeted layer, one after the other, and then the weight.
   *
   * @param parameters the flat adapter vector, float32
   * @param weight of these parameters in the average; weights need not add up to 1
   */
  public Optional<float[]> sketch(Pointer parameters, double weight) {
    if (layout == null) {
      return Optional.empty();
    }
    Engine engine = Engines.host();
    Tensor vector = engine.alias(parameters, layout.size()).tensor();
    int outputs =
        layout.modules().stream()
            .mapToInt(module -> layout.factors(module).orElseThrow().out())
            .sum();
    float[] sketch = new float[outputs * COLUMNS + 1];
    sketch[outputs * COLUMNS] = (float) weight;
    int start = 0;
    for (String module : layout.modules()) {
      AdapterLayout.Factors factors = layout.factors(module).orElseThrow();
      try (Tensor signs = signs(engine, module, factors.in());
          Tensor inner = engine.allocate(COLUMNS, factors.rank());
          Tensor product = engine.allocate(factors.out(), COLUMNS)) {
        engine.matmul(signs, factors.a(vector), inner); // (AΩ)ᵀ
        engine.matmul(factors.b(vector), inner, product); // B·(AΩ)
        product.read(0, sketch, start, factors.out() * COLUMNS);
      }
      start += factors.out() * COLUMNS;
    }
    return Optional.of(sketch);
  }

  /** Ωᵀ {@code (S, in)} of a layer, equal on every machine. */
  private static Tensor signs(Engine engine, String module, int in) {
    SplittableRandom random = new SplittableRandom(SEED + module.hashCode());
    float[] values = new float[COLUMNS * in];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextBoolean() ? 1 : -1;
    }
    Tensor signs = engine.allocate(COLUMNS, in);
    signs.write(0, values, 0, values.length);
    return signs;
  }

  /**
   * The relative error of an average.
   *
   * @param sketches of the workers before averaging
   * @param averaged the flat adapter vector after averaging, float32
   * @return empty if fewer than two workers were averaged
   */
  public OptionalDouble relative(List<float[]> sketches, Pointer averaged) {
    if (sketches.size() < 2) {
      return OptionalDouble.empty();
    }
    float[] ofAverage = sketch(averaged, 1).orElseThrow();
    int last = ofAverage.length - 1; // the weight
    double all = sketches.stream().mapToDouble(sketch -> sketch[last]).sum();
    double error = 0;
    double size = 0;
    for (int i = 0; i < last; i++) {
      double mean = 0;
      for (float[] sketch : sketches) {
        mean += sketch[last] / all * sketch[i];
      }
      error += (mean - ofAverage[i]) * (mean - ofAverage[i]);
      size += (double) ofAverage[i] * ofAverage[i];
    }
    return OptionalDouble.of(size == 0 ? 0 : Math.sqrt(error / size));
  }
}
