package org.sparklora.model.kernels;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.sparklora.model.kernels.Gemm.Matrix;

/**
 * Numbers of rows for which oneDNN computes every row by the same sequence of operations, so that a
 * row's result does not depend, to the bit, on how many other rows there are or on its place among
 * them.
 *
 * <p>oneDNN's inner kernels take some rows at a time (6 with AVX2, 8 with AVX-512), and the rows
 * that are left over at the end may be summed in another order. Which numbers leave no such rows is
 * not documented, so it is tried out, once for each JVM, on a small product: a number is regular if
 * its rows equal those of a product of many rows.
 *
 * <p>Immutable and thread-safe.
 */
final class RegularRows {
  /** Rows of the products that have this property: as many as are decoded at once. */
  static final int MOST = 128;

  /** A multiple of all heights of inner kernels. */
  private static final int REFERENCE = 144;

  /** More than one of the blocks into which oneDNN divides a sum, and not a multiple of it. */
  private static final int IN = 840;

  private static final int OUT = 56;

  private final int[] next; // for each number of rows the next regular one

  private RegularRows(int[] next) {
    this.next = next;
  }

  static RegularRows measure(WorkerPool pool) {
    int[] next = new int[MOST + 1];
    pool.forEach(1, (task, own) -> fill(next, own));
    return new RegularRows(next);
  }

  private static void fill(int[] next, Scratch own) {
    SplittableRandom random = new SplittableRandom(1);
    try (HostTensor x = random(random, REFERENCE, IN);
        HostTensor w = random(random, OUT, IN);
        HostTensor y = HostTensor.allocate(DType.FLOAT32, REFERENCE, OUT)) {
      float[] expected = product(REFERENCE, x, w, y, own);
      int regular = REFERENCE;
      for (int rows = MOST; rows >= 0; rows--) {
        float[] actual = product(rows, x, w, y, own);
        if (Arrays.equals(actual, 0, rows * OUT, expected, 0, rows * OUT)) {
          regular = rows;
        }
        next[rows] = regular;
      }
    }
  }

  private static float[] product(int rows, HostTensor x, HostTensor w, HostTensor y, Scratch own) {
    Gemm.timesTransposed(own, rows, OUT, IN, 1, Matrix.of(x), Matrix.of(w), 0, Matrix.of(y));
    return y.toArray();
  }

  private static HostTensor random(SplittableRandom random, int rows, int columns) {
    HostTensor tensor = HostTensor.allocate(DType.FLOAT32, rows, columns);
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (2 * random.nextDouble() - 1);
    }
    tensor.write(0, values, 0, values.length);
    return tensor;
  }

  /** The smallest regular number that is not below {@code rows}, at most {@link #MOST}. */
  int atLeast(int rows) {
    return next[rows];
  }
}
