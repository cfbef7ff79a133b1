package org.sparklora.model.engine.vector;

import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Products of few rows by a {@link PackedWeight}, of {@link VectorKernels}: {@code y (+)= x · wᵀ}
 * with float32 sums. oneDNN streams the weight once for up to 64 rows, at memory bandwidth.
 *
 * <p>A row's result does not depend, to the bit, on how many other rows there are, on its place
 * among them, or on the threads. oneDNN may choose another order of sums for another number of rows
 * (a single row has its own kernel), so products have only the numbers of rows in {@link #BUCKETS},
 * which give the same bits, as {@code PackedProductsTest} checks. Remaining rows are computed in a
 * bucket that they do not fill.
 */
final class VectorPacked {
  /** Rows of x that are multiplied at a time, ascending. */
  static final int[] BUCKETS = {8, 16, 32, 64};

  private static final int LARGEST = BUCKETS[BUCKETS.length - 1];

  private VectorPacked() {}

  /** The number of rows that x must have room for. */
  static int padded(int rows) {
    int left = rows % LARGEST;
    return rows - left + (left == 0 ? 0 : bucket(left));
  }

  /** Elements of a product's {@code spare} tensor. */
  static long spare(int rows, int outputs) {
    return (long) (padded(rows) == rows ? 0 : bucket(rows % LARGEST)) * outputs;
  }

  /** The smallest bucket for {@code rows} rows. */
  private static int bucket(int rows) {
    int b = 0;
    while (BUCKETS[b] < rows) {
      b++;
    }
    return BUCKETS[b];
  }

  /** The arguments of one call of {@link #forward}. */
  private record Call(Matrix x, PackedWeight w, boolean adds, HostTensor y, HostTensor spare) {}

  /**
   * @param x {@code (padded, in)} of the type that w was packed for; rows past N are arbitrary
   * @param adds whether the product is added to y instead of overwriting it
   * @param y {@code (N, out)}
   * @param spare a tensor of {@link #spare} elements, overwritten
   */
  static void forward(
      WorkerPool pool, Matrix x, PackedWeight w, boolean adds, HostTensor y, HostTensor spare) {
    Call call = new Call(x, w, adds, y, spare);
    pool.forEach(w.slices(), (slice, own) -> slice(call, slice, own));
  }

  private static void slice(Call call, int slice, Scratch own) {
    Matrix y = Matrix.of(call.y).at(0, call.w.from(slice));
    int rows = call.y.rows();
    for (int from = 0; from < rows; from += LARGEST) {
      int count = Math.min(LARGEST, rows - from);
      if (bucket(count) == count) {
        multiply(call, slice, from, count, y.at(from, 0), own);
      } else {
        multiplyInSpare(call, slice, from, count, own);
      }
    }
  }

  private static void multiply(Call call, int slice, int from, int bucket, Matrix y, Scratch own) {
    PackedWeight w = call.w;
    for (int part = 0; part < w.parts(); part++) {
      own.compiledGemm()
          .multiplyPacked(
              bucket,
              w.to(slice) - w.from(slice),
              w.inputs(part),
              call.x.at(from, w.firstInput(part)),
              w.address(slice, part),
              y,
              call.adds || part > 0);
    }
  }

  /** Computes the last rows, which do not fill a bucket, in {@code spare}. */
  private static void multiplyInSpare(Call call, int slice, int from, int count, Scratch own) {
    int first = call.w.from(slice);
    int outputs = call.w.to(slice) - first;
    int width = call.w.rows();
    float[] row = own.row(0, outputs);
    for (int n = 0; n < count && call.adds; n++) {
      call.y.read((long) (from + n) * width + first, row, 0, outputs);
      call.spare.write((long) n * width + first, row, 0, outputs);
    }
    Matrix sums = new Matrix(call.spare.address(), width).at(0, first);
    multiply(call, slice, from, bucket(count), sums, own);
    for (int n = 0; n < count; n++) {
      call.spare.read((long) n * width + first, row, 0, outputs);
      call.y.write((long) (from + n) * width + first, row, 0, outputs);
    }
  }
}
