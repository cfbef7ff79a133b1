package org.sparklora.model;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Random weights for measuring the speed of a shape, made in the engine's memory. Each element of a
 * matrix is {@code +σ} or {@code −σ}, drawn by the engine's dropout generator, so that every engine
 * makes the same weights without a transfer to the device.
 *
 * <p>Not thread-safe.
 */
public final class RandomWeights {
  /** transformers' {@code initializer_range}. */
  public static final float DEVIATION = 0.02f;

  private final Engine engine;
  private long seed;

  /** The first tensor has this seed; each further tensor has its own. */
  public RandomWeights(Engine engine, long seed) {
    this.engine = engine;
    this.seed = seed;
  }

  /** A new tensor for the caller to close: a matrix of this type, or a vector of float32 ones. */
  Tensor of(DType dtype, long... shape) {
    Tensor floats = engine.allocate(shape);
    if (shape.length == 1) {
      engine.fill(floats, 1);
      return floats;
    }
    engine.fill(floats, DEVIATION);
    engine.dropout(floats, 0.5f, seed++, floats); // 0 or 2σ
    try (Tensor shift = engine.allocate(shape[1])) {
      engine.fill(shift, -DEVIATION);
      engine.addBias(floats, shift);
    }
    return engine.inType(dtype, floats);
  }
}
