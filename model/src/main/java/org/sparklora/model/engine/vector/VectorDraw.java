package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.Tensor;

/**
 * Draws tokens, of {@link VectorKernels}: sums of blocks of probabilities first, then one block
 * token by token.
 */
final class VectorDraw {
  /** Probabilities summed in float; a multiple of every vector length. */
  private static final int BLOCK = 1024;

  private VectorDraw() {}

  static void draw(
      WorkerPool pool,
      Tensor logits,
      float temperature,
      float[] floors,
      double[] uniforms,
      int[] tokens) {
    int columns = logits.columns();
    pool.forEach(
        tokens.length,
        (m, own) -> {
          float[] z = own.load(0, logits, (long) m * columns, columns, Float.NEGATIVE_INFINITY);
          double[] sums = new double[(columns + BLOCK - 1) / BLOCK];
          double total = exponentials(z, columns, floors[m], 1 / temperature, sums);
          tokens[m] = find(z, columns, sums, uniforms[m] * total);
        });
  }

  /** {@code z = e^((z − max)·inverse)}, 0 below the floor; returns the sum of all. */
  private static double exponentials(
      float[] z, int columns, float floor, float inverse, double[] sums) {
    float top = largest(z, columns);
    for (int b = 0; b < sums.length; b++) {
      FloatVector sum = VectorMath.broadcast(0);
      int to = Math.min(columns, (b + 1) * BLOCK);
      for (int i = b * BLOCK; i < to; i += VectorMath.LANES) {
        FloatVector logit = VectorMath.at(z, i);
        FloatVector e =
            VectorMath.broadcast(0)
                .blend(
                    VectorMath.exp(logit.sub(top).mul(inverse)),
                    logit
                        .compare(VectorOperators.GE, floor)
                        // e^−∞ is not 0 here, and the padding is −∞
                        .and(logit.compare(VectorOperators.GT, Float.NEGATIVE_INFINITY)));
        e.intoArray(z, i);
        sum = sum.add(e);
      }
      sums[b] = sum.reduceLanes(VectorOperators.ADD);
    }
    return Arrays.stream(sums).sum();
  }

  private static float largest(float[] z, int columns) {
    FloatVector top = VectorMath.broadcast(Float.NEGATIVE_INFINITY);
    for (int i = 0; i < columns; i += VectorMath.LANES) {
      top = top.max(VectorMath.at(z, i));
    }
    return top.reduceLanes(VectorOperators.MAX);
  }

  /** The first token at which the sum of {@code e} exceeds {@code target}. */
  private static int find(float[] e, int columns, double[] sums, double target) {
    double before = 0;
    int last = 0; // the last token that can be drawn: rounding may leave the target above all sums
    for (int b = 0; b < sums.length; b++) {
      if (before + sums[b] > target) {
        double sum = before;
        for (int i = b * BLOCK; i < Math.min(columns, (b + 1) * BLOCK); i++) {
          sum += e[i];
          last = e[i] > 0 ? i : last;
          if (sum > target) {
            return i;
          }
        }
        return last;
      }
      before += sums[b];
    }
    for (int i = 0; i < columns; i++) {
      last = e[i] > 0 ? i : last;
    }
    return last;
  }
}
