package org.sparklora.model.engine.vector;

import java.util.Arrays;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * The linear layers of {@link VectorKernels}: each worker calls gemm on a slice of the result.
 *
 * <p>In float32 a weight that is stored in bfloat16 or NF4 is widened tile by tile into the
 * worker's scratch memory. In bfloat16 the operands of a product are rounded once, an NF4 weight
 * thus whole; a bfloat16 weight is used in place, and sums are float32, as in PyTorch's autocast.
 */
final class VectorMatmul implements AutoCloseable {
  /**
   * A product is cut by its size alone, into a multiple of this many slices, so that executors with
   * one core and with many give the same bits.
   */
  private static final int SLICES = 4;

  /** Most rows or columns of a slice, so that there are enough slices for many threads. */
  private static final int WIDEST_SLICE = 256;

  /** Slices begin at multiples of this, the granularity of gemm's inner kernels. */
  private static final int ALIGNMENT = 48;

  /** Elements of a widened tile: 2 MiB. */
  private static final int TILE = 1 << 19;

  /** Fewest inputs and outputs with which bfloat16 gains more than rounding costs. */
  private static final int LEAST_ROUNDED = 16;

  /** Ratio of terms to the result's rows and columns from which the terms are summed in parts. */
  private static final int MANY_TERMS = 8;

  /** Terms of one product of a part, whose operands then fit in a cache. */
  private static final int CACHED_TERMS = 3072;

  private static final int SUMS = 2;

  private final WorkerPool pool;
  private final boolean bfloat16;
  private final Scratch kept = new Scratch(); // buffers of two operands and of SUMS

  /** {@code bfloat16} rounds operands, which needs {@link CompiledGemm#multipliesBfloat16}. */
  VectorMatmul(WorkerPool pool, boolean bfloat16) {
    this.pool = pool;
    this.bfloat16 = bfloat16;
  }

  /** {@code y (+)= alpha · x · wᵀ}. Up to {@link VectorFewRows#MOST} rows are independent. */
  void forward(HostTensor x, Tensor weight, float alpha, boolean adds, HostTensor y) {
    if (weight instanceof PackedWeight packed) {
      if (x.rows() <= VectorFewRows.MOST) {
        forwardPacked(x, packed, alpha, adds, y);
        return;
      }
      weight = packed.original();
    }
    Tensor w = weight;
    if (w.columns() <= VectorLowRank.MOST) {
      VectorLowRank.forward(pool, x, w, alpha, adds, y);
      return;
    }
    if (x.rows() <= VectorFewRows.MOST) {
      VectorFewRows.forward(pool, x, w, alpha, adds, y);
      return;
    }
    int in = w.columns();
    int out = w.rows();
    if (out == 1) {
      VectorLowRank.dots(pool, x, w, alpha, adds, y);
      return;
    }
    Matrix ys = Matrix.of(y);
    if (rounds(w, x, y)) {
      Matrix[] both = rounded(x, w, alpha);
      multiply(x.rows(), out, in, 1, both[0], both[1].transposed(), adds, ys);
      return;
    }
    Matrix xs = Matrix.of(x);
    if (w.dtype() != DType.FLOAT32) {
      pool.forGemmRanges(
          out,
          Math.max(1, Math.min(TILE / in, slice(out, ALIGNMENT))),
          (from, to, own) -> {
            Matrix tile = widen(w, from, to, 0, in, own);
            Gemm.multiply(
                own, x.rows(), to - from, in, alpha, xs, tile.transposed(), adds, ys.at(0, from));
          });
      return;
    }
    multiply(x.rows(), out, in, alpha, xs, Matrix.of((HostTensor) w).transposed(), adds, ys);
  }

  private void forwardPacked(
      HostTensor x, PackedWeight w, float alpha, boolean adds, HostTensor y) {
    Matrix xs = operand(x, alpha, w.operands(), VectorPacked.padded(x.rows()), 0);
    HostTensor spare = kept.matrix(SUMS, VectorPacked.spare(y.rows(), w.rows()));
    VectorPacked.forward(pool, xs, w, adds, y, spare);
  }

  /** Forward was {@code y += alpha · x · wᵀ}: {@code dX (+)= alpha · dY · w}. */
  void backwardInput(HostTensor dY, Tensor w, float alpha, boolean adds, HostTensor dX) {
    int in = w.columns();
    int out = w.rows();
    Matrix dXs = Matrix.of(dX);
    if (out <= VectorLowRank.MOST) {
      VectorLowRank.backwardInput(pool, dY, w, alpha, adds, dX);
    } else if (in == 1) {
      VectorLowRank.dots(pool, dY, w, alpha, adds, dX);
    } else if (rounds(w, dY, dX)) {
      Matrix[] both = rounded(dY, w, alpha);
      if (adds && out >= MANY_TERMS * Math.max(dX.rows(), in)) {
        addTimesInParts(out, both[0], both[1], dX);
      } else {
        multiply(dX.rows(), in, out, 1, both[0], both[1], adds, dXs);
      }
    } else if (w.dtype() != DType.FLOAT32) {
      slices(in, ALIGNMENT, backwardInputWidened(dY, w, alpha, adds, dXs));
    } else {
      multiply(dX.rows(), in, out, alpha, Matrix.of(dY), Matrix.of((HostTensor) w), adds, dXs);
    }
  }

  /** c (m, n) (+)= alpha · a (m, k) · b (k, n), divided along the longer side of c. */
  private void multiply(
      int m, int n, int k, float alpha, Matrix a, Matrix b, boolean adds, Matrix c) {
    if (m >= n) {
      boolean ofTokens = a.dtype() == DType.BFLOAT16 && !a.layout().isTransposed();
      slices(
          m,
          ofTokens ? CompiledGemm.TOKENS : ALIGNMENT,
          (from, to, own) ->
              Gemm.multiply(own, to - from, n, k, alpha, a.at(from, 0), b, adds, c.at(from, 0)));
    } else {
      slices(
          n,
          ALIGNMENT,
          (from, to, own) ->
              Gemm.multiply(own, m, to - from, k, alpha, a, b.at(0, from), adds, c.at(0, from)));
    }
  }

  /**
   * c (m, n) += a (m, k) · b (k, n) with very many terms k, such as a vocabulary: sums parts of the
   * terms separately, which reads both operands once, and adds the sums in a fixed order.
   */
  private void addTimesInParts(int k, Matrix a, Matrix b, HostTensor c) {
    int m = c.rows();
    int n = c.columns();
    int terms = (k / SLICES + CompiledGemm.TOKENS) / CompiledGemm.TOKENS * CompiledGemm.TOKENS;
    HostTensor sums = kept.matrix(SUMS, SLICES * c.size());
    pool.forGemmRanges(
        k,
        terms,
        (from, to, own) -> {
          Matrix sum = new Matrix(sums.address(), n).at(from / terms * m, 0);
          for (long at = from; at < to; at += CACHED_TERMS) {
            long count = Math.min(CACHED_TERMS, to - at);
            Gemm.multiply(own, m, n, count, 1, a.at(0, at), b.at(at, 0), at > from, sum);
          }
        });
    for (int part = 0; part * terms < k; part++) {
      VectorElementwise.addScaled(pool, sums.view(part * c.size(), c.size()), 1, c);
    }
  }

  /** Computes some columns of dX, the inputs: one worker per element of dX and of w. */
  private static WorkerPool.Range backwardInputWidened(
      HostTensor dY, Tensor w, float alpha, boolean adds, Matrix dXs) {
    return (from, to, own) -> {
      long rows = Math.max(1, TILE / (to - from));
      for (long o = 0; o < w.rows(); o += rows) {
        long end = Math.min(w.rows(), o + rows);
        Matrix dOut = Matrix.of(dY).at(0, o);
        Matrix tile = widen(w, o, end, from, to, own);
        Matrix dIn = dXs.at(0, from);
        Gemm.multiply(own, dY.rows(), to - from, end - o, alpha, dOut, tile, adds || o > 0, dIn);
      }
    };
  }

  /** Forward was {@code y += alpha · x · wᵀ}: {@code dW += alpha · dYᵀ · x}. */
  void backwardWeight(HostTensor dY, HostTensor x, float alpha, HostTensor dW) {
    int in = dW.columns();
    int out = dW.rows();
    Matrix dWs = Matrix.of(dW);
    if (out == 1) {
      VectorLowRank.backwardWeight(pool, x, dY, alpha, dW);
    } else if (in == 1) {
      VectorLowRank.backwardWeight(pool, dY, x, alpha, dW);
    } else if (rounds(dW, x, dY)) {
      Matrix[] both = rounded(dY, x, alpha);
      multiply(out, in, x.rows(), 1, both[0].transposed(), both[1], true, dWs);
    } else {
      Matrix dYs = Matrix.of(dY).transposed();
      multiply(out, in, x.rows(), alpha, dYs, Matrix.of(x), true, dWs);
    }
  }

  /**
   * Whether a product is computed in bfloat16. Products of few rows are not, since a row's result
   * must not depend on other rows; nor are products limited by memory bandwidth, unless the caller
   * has rounded an operand.
   *
   * @param matrix w or dW {@code (out, in)}
   * @param rows those of x, y, dY and dX {@code (N, …)} that the product reads or writes
   */
  boolean rounds(Tensor matrix, Tensor... rows) {
    return bfloat16
        && rows[0].rows() > VectorFewRows.MOST
        && (matrix.columns() >= LEAST_ROUNDED && matrix.rows() >= LEAST_ROUNDED
            || Arrays.stream(rows).anyMatch(VectorMatmul::isRounded));
  }

  private static boolean isRounded(Tensor x) {
    return x.dtype() == DType.BFLOAT16;
  }

  /** Both operands in bfloat16, one of them scaled by {@code alpha}. */
  private Matrix[] rounded(HostTensor a, Tensor b, float alpha) {
    boolean scalesA = !isRounded(a) || isRounded(b); // prefers an operand not rounded yet
    return new Matrix[] {
      operand(a, scalesA ? alpha : 1, DType.BFLOAT16, a.rows(), 0),
      operand(b, scalesA ? 1 : alpha, DType.BFLOAT16, b.rows(), 1)
    };
  }

  /**
   * {@code alpha · x} in a type: x itself if equal, else a copy in buffer {@code index}; of {@code
   * rows} rows, those beyond x's are arbitrary.
   */
  private Matrix operand(Tensor x, float alpha, DType type, int rows, int index) {
    if (x.dtype() == type && alpha == 1 && rows == x.rows()) {
      return Matrix.of((HostTensor) x);
    }
    HostTensor copy = kept.matrix(index, type, (long) rows * x.columns());
    VectorElementwise.copyScaled(pool, x, alpha, copy);
    return new Matrix(type, copy.address(), x.columns(), false);
  }

  @Override
  public void close() {
    kept.close();
  }

  private void slices(int size, int alignment, WorkerPool.Range gemm) {
    pool.forGemmRanges(size, slice(size, alignment), gemm);
  }

  private int slice(int size, int alignment) {
    int most = SLICES * WIDEST_SLICE;
    int slices = pool.isGemmLimited() ? SLICES * ((size + most - 1) / most) : 1;
    return VectorMath.roundUp((size + slices - 1) / slices, alignment);
  }

  /** Widens rows {@code [fromRow, toRow)} and columns {@code [from, to)} of w to float32. */
  private static Matrix widen(Tensor w, long fromRow, long toRow, long from, long to, Scratch own) {
    int width = (int) (to - from);
    long size = (toRow - fromRow) * width;
    HostTensor tile = own.matrix(0, size);
    boolean whole = width == w.columns(); // then the rows are one piece of memory
    int piece = whole ? VectorElementwise.CHUNK : width;
    for (long at = 0; at < size; at += piece) {
      int count = (int) Math.min(piece, size - at);
      long row = fromRow + at / width;
      float[] values = own.load(0, w, row * w.columns() + (whole ? at % width : from), count);
      tile.write(at, values, 0, count);
    }
    return new Matrix(tile.address(), width);
  }
}
