package org.sparklora.model;

import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;

/**
 * Weights of no model, made where the engine computes: to measure how fast a shape is. Each element
 * of a matrix is {@code +σ} or {@code −σ}, by the engine's own dropout generator, so that every
 * engine makes the same ones and nothing crosses a bus.
 *
 * <p>Not thread-safe.
 */
public final class RandomWeights {
  /** transformers' {@code initializer_range}. */
  public static final float DEVIATION = 0.02f;

  private final Engine engine;
  private long seed;

  /**
   * @param seed of the first tensor; each has its own
   */
  public RandomWeights(Engine engine, long seed) {
    this.engine = engine;
    this.seed = seed;
  }

  /**
   * A new tensor, to be closed by the caller.
   *
   * @param dtype of a matrix; a vector, such as a norm's weights, is ones in float32
   */
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
