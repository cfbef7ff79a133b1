package org.sparklora.model.engine.vector;

import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Products of few rows by a large weight, of {@link VectorKernels}: {@code y (+)= alpha · x · wᵀ}.
 * They are what decoding does. oneDNN streams a {@link PackedWeight} once for all rows, a slice of
 * outputs at a time that stays in the second-level cache, so that memory sets the pace of the first
 * rows. Of a weight that is not packed each slice is arranged first, in float32.
 *
 * <p>A row's result does not depend, to the bit, on how many other rows there are, on its place
 * among them, or on the threads. oneDNN may choose another order of sums for another number of rows
 * (a single row is a kernel of its own), so it is never asked for numbers other than those of
 * {@link #buckets}, which give the same bits: {@code PackedProductsTest} holds that. Rows that are
 * left are computed in a bucket that they do not fill. Where oneDNN has no kernel for packed
 * weights, each row is a product by itself.
 */
final class VectorFewRows {
  /** Rows of the products that are computed here: as many as are decoded at once. */
  static final int MOST = 128;

  private static final int[] ROWS_OF_BFLOAT16 = {8, 16, 32, 64};
  private static final int[] ROWS_OF_FLOAT32 = {8}; // as fast as more
  private static final int X = 0;
  private static final int SPARE = 1;

  private VectorFewRows() {}

  /** Rows that are multiplied at a time, ascending. */
  static int[] buckets(DType type) {
    return type == DType.BFLOAT16 ? ROWS_OF_BFLOAT16 : ROWS_OF_FLOAT32;
  }

  private static int most(DType type) {
    int[] buckets = buckets(type);
    return buckets[buckets.length - 1];
  }

  /** The smallest that takes so many rows. */
  private static int bucket(int rows, DType type) {
    int b = 0;
    while (buckets(type)[b] < rows) {
      b++;
    }
    return buckets(type)[b];
  }

  /** The rows that x must have room for. */
  static int padded(int rows, DType type) {
    int left = rows % most(type);
    return rows - left + (left == 0 ? 0 : bucket(left, type));
  }

  /**
   * @param x {@code (N, in)}
   * @param weight {@code (out, in)}, packed or not
   * @param beta 0 or 1
   * @param y {@code (N, out)}
   * @param kept buffers of the caller's thread
   */
  static void forward(
      WorkerPool pool,
      HostTensor x,
      Tensor weight,
      float alpha,
      float beta,
      HostTensor y,
      Scratch kept) {
    if (!(weight instanceof PackedWeight) && !CompiledGemm.packsFloat32()) {
      eachRow(pool, x, (HostTensor) weight, alpha, beta, y);
      return;
    }
    Slices slices =
        weight instanceof PackedWeight packed ? packed : new Arranged((HostTensor) weight);
    DType type = slices.type();
    Matrix xs = Matrix.of(x);
    int rows = padded(x.rows(), type);
    if (x.dtype() != type || alpha != 1 || rows != x.rows()) {
      HostTensor copy = kept.matrix(X, type, (long) rows * x.columns());
      VectorElementwise.copyScaled(pool, x, alpha, copy.view(0, x.rows(), x.columns()));
      xs = new Matrix(type, copy.address(), x.columns(), false);
    }
    int left = y.rows() % most(type);
    if (left > 0 && bucket(left, type) == left) {
      left = 0; // y has room for them
    }
    long spare = left == 0 ? 0 : (long) bucket(left, type) * weight.rows();
    Call call = new Call(xs, slices, beta == 1, y, left, kept.matrix(SPARE, DType.FLOAT32, spare));
    pool.forEach(slices.count(), call::slice);
  }

  /** A weight in slices of outputs, each arranged for a product of its own. */
  interface Slices {
    /** That is multiplied. */
    DType type();

    int inputs();

    int count();

    /** The first output of a slice; of the one past the last, how many outputs there are. */
    int from(int slice);

    /** Where a slice lies, until the thread asks for another one. */
    long address(int slice, Scratch own);
  }

  /** Slices that are arranged when they are asked for. */
  private record Arranged(HostTensor w) implements Slices {
    @Override
    public DType type() {
      return DType.FLOAT32;
    }

    @Override
    public int inputs() {
      return w.columns();
    }

    @Override
    public int count() {
      return PackedWeight.slices(w, type());
    }

    @Override
    public int from(int slice) {
      return PackedWeight.from(slice, w, type());
    }

    @Override
    public long address(int slice, Scratch own) {
      int from = from(slice);
      int outputs = from(slice + 1) - from;
      HostTensor blocks = own.matrix(1, PackedWeight.elements(outputs, w.columns(), type()));
      Matrix rows = VectorMatmul.inFloat32(w, from, from + outputs, own);
      PackedWeight.pack(rows, outputs, w.columns(), type(), blocks.address(), own);
      return blocks.address();
    }
  }

  /**
   * One call, as {@link #forward} has it.
   *
   * @param x in the type that is multiplied, with room for {@link #padded} rows
   * @param left the last rows, which y has no room to fill a bucket with
   * @param spare where those are computed
   */
  private record Call(Matrix x, Slices w, boolean adds, HostTensor y, int left, HostTensor spare) {
    void slice(int slice, Scratch own) {
      int first = w.from(slice);
      int outputs = w.from(slice + 1) - first;
      int most = most(w.type());
      if (adds) {
        copyRows(y, y.rows() - left, spare, 0, left, slice, own);
      }
      Matrix sums = Matrix.of(y).at(0, first);
      Matrix spareSums = new Matrix(spare.address(), y.columns()).at(0, first);
      long address = w.address(slice, own);
      int terms = PackedWeight.terms(w.inputs(), w.type());
      for (int k = 0; k < w.inputs(); k += terms) { // each part meets all rows in the cache
        int count = Math.min(terms, w.inputs() - k);
        long part = address + PackedWeight.elements(outputs, k, w.type()) * w.type().bytes();
        for (int from = 0; from < y.rows(); from += most) {
          int rows = Math.min(most, y.rows() - from);
          Matrix to = rows == left ? spareSums : sums.at(from, 0);
          own.compiledGemm()
              .multiplyPacked(
                  bucket(rows, w.type()), outputs, count, x.at(from, k), part, to, adds || k > 0);
        }
      }
      copyRows(spare, 0, y, y.rows() - left, left, slice, own);
    }

    /** Of a slice's outputs. */
    private void copyRows(
        HostTensor from, int fromRow, HostTensor to, int toRow, int rows, int slice, Scratch own) {
      int outputs = w.from(slice + 1) - w.from(slice);
      float[] row = own.row(0, outputs);
      for (int n = 0; n < rows; n++) {
        from.read((long) (fromRow + n) * y.columns() + w.from(slice), row, 0, outputs);
        to.write((long) (toRow + n) * y.columns() + w.from(slice), row, 0, outputs);
      }
    }
  }

  private static void eachRow(
      WorkerPool pool, HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    Matrix xs = Matrix.of(x);
    Matrix ys = Matrix.of(y);
    pool.forEach(
        PackedWeight.slices(w, DType.FLOAT32),
        (slice, own) -> {
          int from = PackedWeight.from(slice, w, DType.FLOAT32);
          int to = PackedWeight.from(slice + 1, w, DType.FLOAT32);
          Matrix rows = VectorMatmul.inFloat32(w, from, to, own).transposed();
          for (int n = 0; n < y.rows(); n++) {
            Matrix sums = ys.at(n, from);
            Gemm.multiply(own, 1, to - from, w.columns(), alpha, xs.at(n, 0), rows, beta, sums);
          }
        });
  }
}
