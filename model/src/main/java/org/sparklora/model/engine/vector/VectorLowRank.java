package org.sparklora.model.engine.vector;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.tensor.HostTensor;

/**
 * Products whose sums have few terms, of {@link VectorKernels}: {@code y = beta·y + alpha · u · bᵀ}
 * with u {@code (N, R)} and b {@code (out, R)}, as an adapter of small rank adds to a linear layer.
 * Each product is one pass over y; gemm would spend most of its time on arranging operands.
 *
 * <p>A row's result does not depend on other rows.
 */
final class VectorLowRank {
  /** Most terms R of the sums that this class computes. */
  static final int MOST = 8;

  private VectorLowRank() {}

  static void forward(
      WorkerPool pool, HostTensor u, HostTensor b, float alpha, float beta, HostTensor y) {
    int rank = b.columns();
    int out = b.rows();
    float[] columns = columns(b, pool.scratch());
    pool.forRows(
        y,
        (from, to, own) -> {
          float[] factors = own.row(1, rank);
          for (long n = from; n < to; n++) {
            u.read(n * rank, factors, 0, rank);
            float[] row = start(y, n * out, out, beta, own);
            for (int r = 0; r < rank; r++) {
              addColumn(columns, r * VectorMath.roundUp(out), alpha * factors[r], row, out);
            }
            y.write(n * out, row, 0, out);
          }
        });
  }

  /** Copies the columns of b one after the other, each padded to whole vectors. */
  private static float[] columns(HostTensor b, Scratch own) {
    int rank = b.columns();
    int out = b.rows();
    int stride = VectorMath.roundUp(out);
    float[] columns = own.row(0, rank * stride);
    float[] rows = rank == 1 ? columns : own.row(3, rank * out);
    b.read(0, rows, 0, rank * out);
    for (int r = 0; r < rank && rank > 1; r++) {
      for (int o = 0; o < out; o++) {
        columns[r * stride + o] = rows[o * rank + r];
      }
    }
    return columns;
  }

  private static float[] start(HostTensor y, long offset, int out, float beta, Scratch own) {
    float[] row = own.row(2, out);
    if (beta == 0) {
      Arrays.fill(row, 0, out, 0);
      return row;
    }
    y.read(offset, row, 0, out);
    for (int o = 0; o < out && beta != 1; o++) {
      row[o] *= beta;
    }
    return row;
  }

  private static void addColumn(float[] columns, int from, float factor, float[] row, int out) {
    FloatVector factors = VectorMath.broadcast(factor);
    for (int o = 0; o < out; o += VectorMath.LANES) {
      VectorMath.at(columns, from + o).fma(factors, VectorMath.at(row, o)).intoArray(row, o);
    }
  }
}
