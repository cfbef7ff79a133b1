package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Products with a matrix of few rows or columns R, of {@link VectorKernels}, as an adapter of small
 * rank has them. Each is one pass over its large operand or result; gemm would spend most of its
 * time on arranging operands.
 *
 * <p>A row's result does not depend on other rows, nor a sum over rows on the threads.
 */
final class VectorLowRank {
  /** Most terms R of the sums of {@link #forward} and {@link #backwardInput}. */
  static final int MOST = 8;

  /** Rows that are read, and added to a sum, at once. */
  private static final int BLOCK = 4;

  private VectorLowRank() {}

  /** {@code y (+)= alpha · u · bᵀ}, with u {@code (N, R)} and b {@code (out, R)}. */
  static void forward(
      WorkerPool pool, HostTensor u, Tensor b, float alpha, boolean adds, HostTensor y) {
    combine(pool, u, columns(b, pool.scratch()), alpha, adds, y);
  }

  /** {@code dX (+)= alpha · dU · a}, with dU {@code (N, R)} and a {@code (R, in)}. */
  static void backwardInput(
      WorkerPool pool, HostTensor dU, Tensor a, float alpha, boolean adds, HostTensor dX) {
    combine(pool, dU, rows(a, pool.scratch()), alpha, adds, dX);
  }

  /** {@code y[n] (+)= alpha · Σ u[n, r] · terms[r]}, each term padded to whole vectors. */
  private static void combine(
      WorkerPool pool, HostTensor u, float[] terms, float alpha, boolean adds, HostTensor y) {
    int rank = u.columns();
    int out = y.columns();
    pool.forRows(
        y,
        (from, to, own) -> {
          float[] factors = own.row(1, rank);
          for (long n = from; n < to; n++) {
            u.read(n * rank, factors, 0, rank);
            float[] row = start(y, n * out, out, adds, own);
            for (int r = 0; r < rank; r++) {
              int term = r * VectorMath.roundUp(out);
              addTerm(terms, term, alpha * factors[r], row, out);
            }
            own.store(row, y, n * out, out);
          }
        });
  }

  /** {@code y[n] (+)= alpha · x[n]·w}, with x {@code (N, in)} and in elements of w. */
  static void dots(
      WorkerPool pool, HostTensor x, Tensor w, float alpha, boolean adds, HostTensor y) {
    int in = x.columns();
    float[] vector = pool.scratch().load(0, w, 0, in);
    pool.forRows(
        x,
        (from, to, own) -> {
          int count = (int) (to - from);
          float[] results = start(y, from, count, adds, own);
          for (int n = 0; n < count; n++) {
            float[] row = own.load(1, x, (from + n) * in, in);
            results[n] += alpha * VectorMath.dot(row, vector, in);
          }
          own.store(results, y, from, count);
        });
  }

  /**
   * {@code dW += alpha · Σₙ factors[n] · rows[n]}, with rows {@code (N, M)} and M elements of dW:
   * the gradient of a matrix of one row or column.
   */
  static void backwardWeight(
      WorkerPool pool, HostTensor rows, HostTensor factors, float alpha, HostTensor dW) {
    int columns = rows.columns();
    float[] scales = factors.toArray(); // (N)
    for (int n = 0; n < scales.length; n++) {
      scales[n] *= alpha;
    }
    VectorRows.sumRows(
        pool,
        rows.rows(),
        dW,
        (from, to, sum, own) -> {
          own.row(0, BLOCK * columns + VectorMath.LANES); // the last row's last vector fits
          for (int n = (int) from; n < to; n += BLOCK) {
            int count = (int) Math.min(BLOCK, to - n);
            float[] block = own.load(0, rows, (long) n * columns, count * columns);
            if (count == BLOCK) {
              addBlock(block, columns, scales, n, sum);
            } else {
              for (int r = 0; r < count; r++) {
                addTerm(block, r * columns, scales[n + r], sum, columns);
              }
            }
          }
        });
  }

  /**
   * Adds {@link #BLOCK} scaled rows to a sum. Rows lie side by side: past the last column a vector
   * reads the next row, and adds it to the sum's padding.
   */
  private static void addBlock(float[] block, int columns, float[] scales, int n, float[] sum) {
    FloatVector first = VectorMath.broadcast(scales[n]);
    FloatVector second = VectorMath.broadcast(scales[n + 1]);
    FloatVector third = VectorMath.broadcast(scales[n + 2]);
    FloatVector fourth = VectorMath.broadcast(scales[n + 3]);
    for (int i = 0; i < columns; i += VectorMath.LANES) {
      FloatVector s = VectorMath.at(block, i).fma(first, VectorMath.at(sum, i));
      s = VectorMath.at(block, columns + i).fma(second, s);
      s = VectorMath.at(block, 2 * columns + i).fma(third, s);
      VectorMath.at(block, 3 * columns + i).fma(fourth, s).intoArray(sum, i);
    }
  }

  /** Copies the rows of w one after the other, each padded to whole vectors. */
  private static float[] rows(Tensor w, Scratch own) {
    int in = w.columns();
    int stride = VectorMath.roundUp(in);
    float[] rows = own.row(0, w.rows() * stride);
    for (int r = 0; r < w.rows(); r++) {
      w.read((long) r * in, rows, r * stride, in);
      Arrays.fill(rows, r * stride + in, (r + 1) * stride, 0);
    }
    return rows;
  }

  /** Copies the columns of b one after the other, each padded to whole vectors. */
  private static float[] columns(Tensor b, Scratch own) {
    int rank = b.columns();
    int out = b.rows();
    int stride = VectorMath.roundUp(out);
    float[] columns = own.row(0, rank * stride);
    float[] rows = own.row(3, rank * out);
    b.read(0, rows, 0, rank * out);
    for (int r = 0; r < rank; r++) {
      for (int o = 0; o < out; o++) {
        columns[r * stride + o] = rows[o * rank + r];
      }
      Arrays.fill(columns, r * stride + out, (r + 1) * stride, 0);
    }
    return columns;
  }

  /** The elements of y that a product is added to, or zeros, in a row of the scratch memory. */
  static float[] start(HostTensor y, long offset, int count, boolean adds, Scratch own) {
    if (adds) {
      return own.load(2, y, offset, count);
    }
    float[] row = own.row(2, count);
    Arrays.fill(row, 0, count, 0);
    return row;
  }

  /** {@code row += factor · term}, with the term that begins at {@code from}. */
  private static void addTerm(float[] terms, int from, float factor, float[] row, int count) {
    FloatVector factors = VectorMath.broadcast(factor);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMath.at(terms, from + i).fma(factors, VectorMath.at(row, i)).intoArray(row, i);
    }
  }
}
