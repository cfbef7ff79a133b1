package org.sparklora.model.engine.vector;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Log-probabilities of the next token, of {@link VectorKernels}. A row of logits is read from
 * memory once; sums within a block are float, sums over blocks double, so that a vocabulary of
 * 150,000 costs no precision.
 */
interface VectorLogProbs extends VectorElementwise {
  @Override
  default void tokenLogProbs(Tensor logits, Indices labels, float temperature, TokenScores y) {
    int columns = logits.columns();
    HostIndices targets = (HostIndices) labels;
    HostIndices argmax = (HostIndices) y.argmax();
    pool()
        .forEach(
            targets.count(),
            (m, own) -> {
              float[] z = own.load(0, logits, (long) m * columns, columns, Float.NEGATIVE_INFINITY);
              int best = firstLargest(z, columns);
              double[] sums = sums(z, columns, z[best], 1 / temperature);
              double logSum = Math.log(sums[0]);
              double top = (double) z[best] / temperature;
              argmax.set(m, best);
              put(top + logSum, y.logSumExp(), m);
              put((double) z[targets.at(m)] / temperature - top - logSum, y.logProbs(), m);
              put(logSum - sums[1] / sums[0], y.entropies(), m);
            });
  }

  private static void put(double value, Tensor y, int m) {
    y.write(m, new float[] {(float) value}, 0, 1);
  }

  private static float get(Tensor x, int m) {
    float[] value = new float[1];
    x.read(m, value, 0, 1);
    return value[0];
  }

  private static int firstLargest(float[] z, int columns) {
    float largest = Float.NEGATIVE_INFINITY;
    int block = 0; // the first block that holds the largest logit
    for (int from = 0; from < columns; from += BLOCK) {
      float top = VectorMath.largest(z, from, Math.min(columns, from + BLOCK));
      if (!(top <= largest)) { // also true for NaN, which must be noticed
        largest = top;
        block = from;
      }
    }
    for (int i = block; i < columns; i++) {
      if (z[i] == largest) {
        return i;
      }
    }
    return block; // only with NaN among the logits
  }

  /** Σ e^s and Σ e^s·s with {@code s = (z − top)·inverse}. */
  private static double[] sums(float[] z, int columns, float top, float inverse) {
    double[] total = new double[2];
    for (int from = 0; from < columns; from += BLOCK) {
      addBlock(z, from, Math.min(columns, from + BLOCK), top, inverse, total);
    }
    return total;
  }

  private static void addBlock(
      float[] z, int from, int to, float top, float inverse, double[] total) {
    FloatVector sum = VectorMath.broadcast(0);
    FloatVector weighted = VectorMath.broadcast(0);
    for (int i = from; i < to; i += VectorMath.LANES) {
      // the lower bound keeps 0 · −∞ out of the entropy, at padding and at masked logits
      FloatVector shifted = VectorMath.at(z, i).sub(top).mul(inverse).max(VectorMath.LOWEST);
      FloatVector e = VectorMath.exp(shifted);
      sum = sum.add(e);
      weighted = e.fma(shifted, weighted);
    }
    total[0] += sum.reduceLanes(VectorOperators.ADD);
    total[1] += weighted.reduceLanes(VectorOperators.ADD);
  }

  @Override
  default void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices labels, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    HostIndices targets = (HostIndices) labels;
    int columns = logits.columns();
    pool()
        .forEach(
            targets.count(),
            (m, own) -> {
              float logSum = get(logSumExp, m);
              float scale = get(dLogProbs, m) / temperature;
              int target = targets.at(m);
              for (int from = 0; from < columns; from += BLOCK) {
                int count = Math.min(BLOCK, columns - from);
                float[] z = own.load(0, logits, (long) m * columns + from, count);
                scaledSoftmax(z, 1 / temperature, logSum, -scale, count);
                if (target >= from && target < from + count) {
                  z[target - from] += scale;
                }
                logits.write((long) m * columns + from, z, 0, count);
              }
            });
  }

  /** {@code z = scale · e^(z·inverse − logSumExp)}. */
  private static void scaledSoftmax(
      float[] z, float inverse, float logSumExp, float scale, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMath.exp(VectorMath.at(z, i).mul(inverse).sub(logSumExp)).mul(scale).intoArray(z, i);
    }
  }
}
