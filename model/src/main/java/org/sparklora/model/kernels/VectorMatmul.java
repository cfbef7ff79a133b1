package org.sparklora.model.kernels;

import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.kernels.Gemm.Matrix;

/**
 * The linear layers of {@link VectorKernels}: each worker calls gemm on a slice of the result.
 *
 * <p>A weight that is not float32 is widened tile by tile into the worker's scratch memory:
 * bfloat16 is a storage format here, since gemm in it is slow on processors without its
 * instructions.
 */
final class VectorMatmul {
  /**
   * A product is cut by its size alone, into a multiple of this, whatever the number of threads: an
   * executor with one core then gives the bits of one with many.
   */
  private static final int SLICES = 4;

  /** Rows or columns of a slice at most: so that many threads find enough slices. */
  private static final int WIDEST_SLICE = 256;

  /** Slices begin at multiples of this, the granularity of gemm's inner kernels. */
  private static final int ALIGNMENT = 48;

  /** Elements of a widened tile: 2 MiB. */
  private static final int TILE = 1 << 19;

  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(VectorMath.SPECIES.vectorBitSize() / 2));

  private final WorkerPool pool;
  private final RegularRows regularRows;

  VectorMatmul(WorkerPool pool) {
    this.pool = pool;
    this.regularRows = RegularRows.measure(pool);
  }

  /**
   * {@code y = beta·y + alpha · x · wᵀ}. Up to {@link RegularRows#MOST} rows, each row's result is
   * the same whatever the others are.
   */
  void forward(HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    if (x.rows() <= RegularRows.MOST) {
      fewRows(x, w, alpha, beta, y);
      return;
    }
    int in = w.columns();
    int out = w.rows();
    Matrix xs = Matrix.of(x);
    Matrix ys = Matrix.of(y);
    if (w.dtype() != DType.FLOAT32) {
      pool.forGemmRanges(
          out,
          Math.max(1, Math.min(TILE / in, slice(out))),
          (from, to, own) -> {
            Matrix tile = widen(w, from, to, 0, in, own);
            Gemm.timesTransposed(
                own, x.rows(), to - from, in, alpha, xs, tile, beta, ys.at(0, from));
          });
      return;
    }
    Matrix ws = Matrix.of(w);
    if (x.rows() >= out) {
      slices(
          x.rows(),
          (from, to, own) ->
              Gemm.timesTransposed(
                  own, to - from, out, in, alpha, xs.at(from, 0), ws, beta, ys.at(from, 0)));
    } else {
      slices(
          out,
          (from, to, own) ->
              Gemm.timesTransposed(
                  own, x.rows(), to - from, in, alpha, xs, ws.at(from, 0), beta, ys.at(0, from)));
    }
  }

  /**
   * A slice of outputs for all rows. If their number is irregular, rows of arbitrary content are
   * computed along, in scratch memory.
   */
  private void fewRows(HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    int rows = x.rows();
    int regular = regularRows.atLeast(rows);
    int in = w.columns();
    boolean stored = w.dtype() == DType.FLOAT32;
    pool.forGemmRanges(
        w.rows(),
        stored ? slice(w.rows()) : Math.max(1, Math.min(TILE / in, slice(w.rows()))),
        (from, to, own) -> {
          Matrix part = stored ? Matrix.of(w).at(from, 0) : widen(w, from, to, 0, in, own);
          Matrix xs = Matrix.of(x);
          Matrix ys = Matrix.of(y).at(0, from);
          int width = (int) (to - from);
          if (rows == regular) {
            Gemm.timesTransposed(own, rows, width, in, alpha, xs, part, beta, ys);
            return;
          }
          Matrix inputs = new Matrix(own.matrix(1, (long) regular * in).address(), in);
          Matrix results = new Matrix(own.matrix(2, (long) regular * width).address(), width);
          copyRows(own, xs, inputs, rows, in);
          if (beta != 0) {
            copyRows(own, ys, results, rows, width);
          }
          Gemm.timesTransposed(own, regular, width, in, alpha, inputs, part, beta, results);
          copyRows(own, results, ys, rows, width);
        });
  }

  private static void copyRows(Scratch own, Matrix from, Matrix to, int rows, int columns) {
    for (int r = 0; r < rows; r++) {
      Pointer.memcpy(
          own.a.to(to.at(r, 0).address()),
          own.b.to(from.at(r, 0).address()),
          (long) columns * Float.BYTES);
    }
  }

  /** Forward was {@code y += alpha · x · wᵀ}: {@code dX += alpha · dY · w}. */
  void backwardInput(HostTensor dY, HostTensor w, float alpha, HostTensor dX) {
    int in = w.columns();
    int out = w.rows();
    Matrix dYs = Matrix.of(dY);
    Matrix dXs = Matrix.of(dX);
    if (w.dtype() != DType.FLOAT32) {
      slices(in, (from, to, own) -> backwardInputWidened(dY, w, alpha, dXs, from, to, own));
      return;
    }
    Matrix ws = Matrix.of(w);
    if (dX.rows() >= in) {
      slices(
          dX.rows(),
          (from, to, own) ->
              Gemm.times(own, to - from, in, out, alpha, dYs.at(from, 0), ws, 1, dXs.at(from, 0)));
    } else {
      slices(
          in,
          (from, to, own) ->
              Gemm.times(
                  own, dX.rows(), to - from, out, alpha, dYs, ws.at(0, from), 1, dXs.at(0, from)));
    }
  }

  /** The input columns {@code [from, to)}: no two workers add to one element, none widens twice. */
  private static void backwardInputWidened(
      HostTensor dY, HostTensor w, float alpha, Matrix dXs, long from, long to, Scratch own) {
    long rows = Math.max(1, TILE / (to - from));
    for (long o = 0; o < w.rows(); o += rows) {
      long end = Math.min(w.rows(), o + rows);
      Matrix tile = widen(w, o, end, from, to, own);
      Gemm.times(
          own,
          dY.rows(),
          to - from,
          end - o,
          alpha,
          Matrix.of(dY).at(0, o),
          tile,
          1,
          dXs.at(0, from));
    }
  }

  /** Forward was {@code y += alpha · x · wᵀ}: {@code dW += alpha · dYᵀ · x}. */
  void backwardWeight(HostTensor dY, HostTensor x, float alpha, HostTensor dW) {
    int in = dW.columns();
    int out = dW.rows();
    Matrix dYs = Matrix.of(dY);
    Matrix xs = Matrix.of(x);
    Matrix dWs = Matrix.of(dW);
    if (out >= in) {
      slices(
          out,
          (from, to, own) ->
              Gemm.transposedTimes(
                  own, to - from, in, x.rows(), alpha, dYs.at(0, from), xs, 1, dWs.at(from, 0)));
    } else {
      slices(
          in,
          (from, to, own) ->
              Gemm.transposedTimes(
                  own, out, to - from, x.rows(), alpha, dYs, xs.at(0, from), 1, dWs.at(0, from)));
    }
  }

  private void slices(int size, WorkerPool.Range gemm) {
    pool.forGemmRanges(size, slice(size), gemm);
  }

  private int slice(int size) {
    int most = SLICES * WIDEST_SLICE;
    int slices = pool.isGemmLimited() ? SLICES * ((size + most - 1) / most) : 1;
    int even = (size + slices - 1) / slices;
    return (even + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /** Rows {@code [fromRow, toRow)} and columns {@code [from, to)} of w as float32. */
  private static Matrix widen(
      HostTensor w, long fromRow, long toRow, long from, long to, Scratch own) {
    int width = (int) (to - from);
    HostTensor tile = own.matrix(0, (toRow - fromRow) * width);
    float[] row = own.row(0, width);
    for (long r = fromRow; r < toRow; r++) {
      if (w.dtype() == DType.BFLOAT16) {
        short[] bits = own.halves(width);
        w.readBits(r * w.columns() + from, bits, width);
        widen(bits, row, width);
      } else {
        w.read(r * w.columns() + from, row, 0, width);
      }
      tile.write((r - fromRow) * width, row, 0, width);
    }
    return new Matrix(tile.address(), width);
  }

  /** A bfloat16 is the upper half of a float32. */
  private static void widen(short[] bits, float[] row, int count) {
    for (int i = 0; i < count; i += VectorMath.LANES) {
      ShortVector.fromArray(HALVES, bits, i)
          .convertShape(VectorOperators.S2I, VectorMath.INTS, 0)
          .reinterpretAsInts()
          .lanewise(VectorOperators.LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(row, i);
    }
  }
}
