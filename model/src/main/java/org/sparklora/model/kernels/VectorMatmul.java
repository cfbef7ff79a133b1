package org.sparklora.model.kernels;

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

  private final WorkerPool pool;

  VectorMatmul(WorkerPool pool) {
    this.pool = pool;
  }

  /**
   * {@code y = beta·y + alpha · x · wᵀ}. Up to {@link VectorFewRows#MOST} rows, each row's result
   * is the same whatever the others are.
   */
  void forward(HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    if (w.columns() <= VectorLowRank.MOST) {
      VectorLowRank.forward(pool, x, w, alpha, beta, y);
      return;
    }
    if (x.rows() <= VectorFewRows.MOST) {
      VectorFewRows.forward(pool, x, w, alpha, beta, y);
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
        w.readBits(r * w.columns() + from, bits, 0, width);
        WeightRows.widen(bits, width, row, 0);
      } else {
        w.read(r * w.columns() + from, row, 0, width);
      }
      tile.write((r - fromRow) * width, row, 0, width);
    }
    return new Matrix(tile.address(), width);
  }
}
