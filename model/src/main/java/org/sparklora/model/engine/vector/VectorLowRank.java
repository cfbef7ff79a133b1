package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.tensor.HostTensor;

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

  /** Most results R of a row in {@link #dots}, and of a column in {@link #backwardWeight}. */
  static final int MOST_SUMS = 2;

  /** Columns that one task of {@link #backwardWeight} sums over all rows. */
  private static final int SUM_COLUMNS = 128;

  private VectorLowRank() {}

  /** {@code y = beta·y + alpha · u · bᵀ}, with u {@code (N, R)} and b {@code (out, R)}. */
  static void forward(
      WorkerPool pool, HostTensor u, HostTensor b, float alpha, float beta, HostTensor y) {
    combine(pool, u, columns(b, pool.scratch()), alpha, beta, y);
  }

  /** {@code dX = beta·dX + alpha · dU · a}, with dU {@code (N, R)} and a {@code (R, in)}. */
  static void backwardInput(
      WorkerPool pool, HostTensor dU, HostTensor a, float alpha, float beta, HostTensor dX) {
    combine(pool, dU, rows(a, pool.scratch()), alpha, beta, dX);
  }

  /** {@code y[n] = beta·y[n] + alpha · Σ u[n, r] · terms[r]}, each term padded to whole vectors. */
  private static void combine(
      WorkerPool pool, HostTensor u, float[] terms, float alpha, float beta, HostTensor y) {
    int rank = u.columns();
    int out = y.columns();
    pool.forRows(
        y,
        (from, to, own) -> {
          float[] factors = own.row(1, rank);
          for (long n = from; n < to; n++) {
            u.read(n * rank, factors, 0, rank);
            float[] row = start(y, n * out, out, beta, own);
            for (int r = 0; r < rank; r++) {
              int term = r * VectorMath.roundUp(out);
              addScaled(terms, term, alpha * factors[r], row, 0, out);
            }
            own.store(row, y, n * out, out);
          }
        });
  }

  /** {@code y = beta·y + alpha · x · wᵀ}, with x {@code (N, in)} and w {@code (R, in)}. */
  static void dots(
      WorkerPool pool, HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    dots(pool, x, rows(w, pool.scratch()), alpha, beta, y);
  }

  /** {@code dU = beta·dU + alpha · dY · b}, with dY {@code (N, out)} and b {@code (out, R)}. */
  static void dotsOfColumns(
      WorkerPool pool, HostTensor dY, HostTensor b, float alpha, float beta, HostTensor dU) {
    dots(pool, dY, columns(b, pool.scratch()), alpha, beta, dU);
  }

  private static void dots(
      WorkerPool pool, HostTensor x, float[] vectors, float alpha, float beta, HostTensor y) {
    int in = x.columns();
    int rank = y.columns();
    pool.forRows(
        x,
        (from, to, own) -> {
          int count = (int) (to - from);
          float[] results = start(y, from * rank, count * rank, beta, own);
          for (int n = 0; n < count; n++) {
            float[] row = own.load(1, x, (from + n) * in, in);
            for (int r = 0; r < rank; r++) {
              float dot = VectorMath.dot(row, vectors, r * VectorMath.roundUp(in), in);
              results[n * rank + r] += alpha * dot;
            }
          }
          own.store(results, y, from * rank, count * rank);
        });
  }

  /**
   * {@code dW += alpha · dYᵀ · x}, with dY {@code (N, out)}, x {@code (N, in)}, dW {@code (out,
   * in)}, of which out or in is small.
   */
  static void backwardWeight(
      WorkerPool pool, HostTensor dY, HostTensor x, float alpha, HostTensor dW) {
    boolean ofInputs = dW.rows() <= MOST_SUMS; // else of outputs
    HostTensor wide = ofInputs ? x : dY;
    HostTensor thin = ofInputs ? dY : x;
    int rank = thin.columns();
    int width = wide.columns();
    pool.forRanges(
        width,
        SUM_COLUMNS,
        (from, to, own) -> {
          int count = (int) (to - from);
          int stride = VectorMath.roundUp(count);
          float[] total = own.row(1, rank * stride);
          Arrays.fill(total, 0, rank * stride, 0);
          for (int block = 0; block < wide.rows(); block += VectorRows.SUM_ROWS) {
            int rows = Math.min(VectorRows.SUM_ROWS, wide.rows() - block);
            float[] factors = own.load(2, thin, (long) block * rank, rows * rank);
            float[] sum = own.row(3, rank * stride);
            Arrays.fill(sum, 0, rank * stride, 0);
            for (int n = 0; n < rows; n++) {
              float[] row = own.load(4, wide, (long) (block + n) * width + from, count);
              for (int r = 0; r < rank; r++) {
                addScaled(row, 0, alpha * factors[n * rank + r], sum, r * stride, count);
              }
            }
            addScaled(sum, 0, 1, total, 0, rank * stride);
          }
          if (ofInputs) {
            for (int r = 0; r < rank; r++) {
              float[] row = own.load(2, dW, (long) r * width + from, count);
              addScaled(total, r * stride, 1, row, 0, count);
              dW.write((long) r * width + from, row, 0, count);
            }
          } else {
            float[] rows = own.load(2, dW, from * rank, count * rank);
            for (int i = 0; i < count * rank; i++) {
              rows[i] += total[i % rank * stride + i / rank];
            }
            dW.write(from * rank, rows, 0, count * rank);
          }
        });
  }

  /** Copies the rows of w one after the other, each padded to whole vectors. */
  private static float[] rows(HostTensor w, Scratch own) {
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
  private static float[] columns(HostTensor b, Scratch own) {
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

  /** {@code beta · y} of some elements, in a row of the scratch memory. */
  private static float[] start(HostTensor y, long offset, int count, float beta, Scratch own) {
    if (beta == 0) {
      float[] row = own.row(2, count);
      Arrays.fill(row, 0, count, 0);
      return row;
    }
    float[] row = own.load(2, y, offset, count);
    for (int o = 0; o < count && beta != 1; o++) {
      row[o] *= beta;
    }
    return row;
  }

  /** {@code y += factor · x} on parts of two arrays, padded to whole vectors. */
  private static void addScaled(float[] x, int atX, float factor, float[] y, int atY, int count) {
    FloatVector factors = VectorMath.broadcast(factor);
    for (int i = 0; i < count; i += VectorMath.LANES) {
      VectorMath.at(x, atX + i).fma(factors, VectorMath.at(y, atY + i)).intoArray(y, atY + i);
    }
  }
}
