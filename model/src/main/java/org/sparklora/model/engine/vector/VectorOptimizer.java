package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The operations of {@link VectorKernels} on vectors of all trained parameters: each is one pass
 * over memory, cut by size, so that no bit depends on the threads or the CPU's vector length.
 */
interface VectorOptimizer extends VectorElementwise {
  /** Elements whose squares are added to one partial sum. */
  int SUMMED = 2048;

  /** Elements of one chunk of a step: four of them are 16 KiB. */
  int CHUNK_OF_STEP = 1024;

  float[] ZEROS = new float[CHUNK_OF_STEP];

  /** Computes four sums at once, since each addition waits for the previous one in its sum. */
  @Override
  default double sumOfSquares(Tensor x) {
    double[] sums = new double[Math.toIntExact((x.size() + SUMMED - 1) / SUMMED)];
    pool()
        .forRanges(
            x.size(),
            WorkerPool.ELEMENTS_PER_TASK,
            (from, to, own) -> {
              long offset = from;
              for (; offset + 4 * SUMMED <= to; offset += 4 * SUMMED) {
                sumFour(own, x, offset, sums);
              }
              for (; offset < to; offset += SUMMED) {
                int count = (int) Math.min(SUMMED, to - offset);
                float[] row = own.load(0, x, offset, count);
                double sum = 0;
                for (int i = 0; i < count; i++) {
                  sum += (double) row[i] * row[i];
                }
                sums[(int) (offset / SUMMED)] = sum;
              }
            });
    return Arrays.stream(sums).sum();
  }

  private static void sumFour(Scratch own, Tensor x, long offset, double[] sums) {
    float[] row = own.load(0, x, offset, 4 * SUMMED);
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    for (int i = 0; i < SUMMED; i++) {
      a += (double) row[i] * row[i];
      b += (double) row[i + SUMMED] * row[i + SUMMED];
      c += (double) row[i + 2 * SUMMED] * row[i + 2 * SUMMED];
      d += (double) row[i + 3 * SUMMED] * row[i + 3 * SUMMED];
    }
    int first = (int) (offset / SUMMED);
    sums[first] = a;
    sums[first + 1] = b;
    sums[first + 2] = c;
    sums[first + 3] = d;
  }

  @Override
  default void adamW(AdamW.Vectors vectors, AdamW step) {
    pool()
        .forRanges(
            vectors.parameters().size(),
            WorkerPool.ELEMENTS_PER_TASK,
            (from, to, own) -> {
              int count;
              for (long offset = from; offset < to; offset += count) {
                count = (int) Math.min(CHUNK_OF_STEP, to - offset);
                if (offset < step.decayed() && step.decayed() < offset + count) {
                  count = (int) (step.decayed() - offset);
                }
                adamW(own, vectors, step, offset, count);
              }
            });
  }

  private static void adamW(Scratch own, AdamW.Vectors of, AdamW step, long offset, int count) {
    float[] p = own.load(0, of.parameters(), offset, count);
    float[] gradient = own.load(1, of.gradient(), offset, count);
    float[] first = own.load(2, of.first(), offset, count);
    float[] second = own.load(3, of.second(), offset, count);
    float beta1 = (float) step.beta1();
    float beta2 = (float) step.beta2();
    float rate = (float) step.rate();
    float floor = (float) step.floor();
    float scale = (float) step.scale();
    float decay = (float) step.decay(offset);
    for (int i = 0; i < count; i += VectorMath.LANES) { // no fma: rounds as the reference does
      FloatVector g = VectorMath.at(gradient, i).mul(scale);
      FloatVector m = VectorMath.at(first, i).mul(beta1).add(g.mul(1 - beta1));
      FloatVector v = VectorMath.at(second, i).mul(beta2).add(g.mul(g).mul(1 - beta2));
      FloatVector update = m.mul(rate).div(v.lanewise(VectorOperators.SQRT).add(floor));
      FloatVector now = VectorMath.at(p, i);
      now.sub(now.mul(decay).add(update)).intoArray(p, i);
      m.intoArray(first, i);
      v.intoArray(second, i);
    }
    of.parameters().write(offset, p, 0, count);
    of.gradient().write(offset, ZEROS, 0, count);
    of.first().write(offset, first, 0, count);
    of.second().write(offset, second, 0, count);
  }
}
