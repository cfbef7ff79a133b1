package org.sparklora.model.engine.vector;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The operations of {@link VectorKernels} that treat each row alone, or sum over rows: bias,
 * embedding, root-mean-square norm, rotation. Each row is copied into an array, computed there and
 * copied back.
 */
interface VectorRows extends Kernels {
  /** Columns that one task sums over all rows. */
  int SUM_COLUMNS = 256;

  /** Rows summed before they are added to the total, which limits the error of long sums. */
  int SUM_ROWS = 64;

  /** The threads that compute. */
  WorkerPool pool();

  // ---- bias ----------------------------------------------------------------------------------

  @Override
  default void addBias(Tensor y, Tensor bias) {
    int columns = y.columns();
    pool()
        .forRows(
            y,
            (from, to, own) -> {
              float[] b = own.load(0, bias, 0, columns);
              for (long n = from; n < to; n++) {
                float[] row = own.load(1, y, n * columns, columns);
                VectorElementwise.addScaled(b, 1, row, columns);
                own.store(row, y, n * columns, columns);
              }
            });
  }

  @Override
  default void addBiasBackward(Tensor dY, Tensor dBias) {
    int columns = dY.columns();
    sumRows(
        pool(),
        dY.rows(),
        dBias,
        (n, column, count, sum, own) ->
            VectorElementwise.addScaled(
                own.load(2, dY, n * columns + column, count), 1, sum, count));
  }

  /** Adds a row to a sum over rows. */
  interface RowPart {
    /** Adds row n's share of the columns {@code [column, column + count)} to {@code sum}. */
    void addTo(long n, int column, int count, float[] sum, Scratch scratch);
  }

  /** {@code total += Σ rows}, by column ranges, so that sums do not depend on the threads. */
  static void sumRows(WorkerPool pool, int rows, Tensor total, RowPart part) {
    pool.forRanges(
        total.size(),
        SUM_COLUMNS,
        (from, to, own) -> {
          int count = (int) (to - from);
          float[] result = own.load(0, total, from, count);
          for (int block = 0; block < rows; block += SUM_ROWS) {
            float[] sum = own.row(1, count);
            Arrays.fill(sum, 0, VectorMath.roundUp(count), 0);
            for (int n = block; n < Math.min(rows, block + SUM_ROWS); n++) {
              part.addTo(n, (int) from, count, sum, own);
            }
            VectorElementwise.addScaled(sum, 1, result, count);
          }
          total.write(from, result, 0, count);
        });
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  default void putRows(Tensor x, Indices rows, Tensor y) {
    HostIndices to = (HostIndices) rows;
    copyRows(x, x, n -> n, y, to::at);
  }

  @Override
  default void embed(Tensor table, Indices tokens, Tensor y) {
    HostIndices of = (HostIndices) tokens;
    copyRows(y, table, of::at, y, n -> n);
  }

  /** Copies one row for each index of {@code counted}. */
  private void copyRows(
      Tensor counted, Tensor x, IntUnaryOperator from, Tensor y, IntUnaryOperator to) {
    int columns = x.columns();
    pool()
        .forRows(
            counted,
            (first, end, own) -> {
              for (int n = (int) first; n < end; n++) {
                float[] row = own.load(0, x, (long) from.applyAsInt(n) * columns, columns);
                y.write((long) to.applyAsInt(n) * columns, row, 0, columns);
              }
            });
  }

  /**
   * Each task owns a column range, since two threads may not add to the row of a repeated token.
   */
  @Override
  default void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    HostIndices of = (HostIndices) tokens;
    int columns = dY.columns();
    pool()
        .forRanges(
            columns,
            SUM_COLUMNS,
            (from, to, own) -> {
              int count = (int) (to - from);
              for (int n = 0; n < of.count(); n++) {
                if (of.at(n) == paddingId) {
                  continue;
                }
                long offset = (long) of.at(n) * columns + from;
                float[] row = own.load(0, dTable, offset, count);
                VectorElementwise.addScaled(
                    own.load(1, dY, (long) n * columns + from, count), 1, row, count);
                dTable.write(offset, row, 0, count);
              }
            });
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  default void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    int columns = x.columns();
    pool()
        .forRows(
            x,
            (from, to, own) -> {
              float[] w = own.load(0, weight, 0, columns);
              float[] scales = own.row(2, (int) (to - from));
              for (long m = from; m < to; m++) {
                float[] row = own.load(1, x, m * columns, columns);
                double mean = VectorMath.dot(row, row, columns) / (double) columns;
                float r = (float) (1 / Math.sqrt(mean + epsilon));
                scaleInto(row, r, w, columns);
                own.store(row, y, m * columns, columns);
                scales[(int) (m - from)] = r;
              }
              rstd.write(from, scales, 0, (int) (to - from));
            });
  }

  /** {@code x = x·r·w}. */
  private static void scaleInto(float[] x, float r, float[] w, int columns) {
    for (int i = 0; i < columns; i += VectorMath.LANES) {
      VectorMath.at(x, i).mul(r).mul(VectorMath.at(w, i)).intoArray(x, i);
    }
  }

  /** With n = x·rstd and g = dY·weight, {@code dX += rstd · (g − n · mean(g·n))}. */
  @Override
  default void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    int columns = x.columns();
    pool()
        .forRows(
            x,
            (from, to, own) -> {
              float[] w = own.load(0, weight, 0, columns);
              float[] scale = new float[1];
              for (long m = from; m < to; m++) {
                rstd.read(m, scale, 0, 1);
                float[] in = own.load(1, x, m * columns, columns);
                float[] g = own.load(2, dY, m * columns, columns);
                float[] dIn = own.load(3, dX, m * columns, columns);
                scaleInto(g, 1, w, columns);
                float r = scale[0];
                double mean = (double) VectorMath.dot(g, in, columns) * r / columns;
                VectorElementwise.addScaled(g, r, dIn, columns);
                VectorElementwise.addScaled(in, (float) (-mean * r * r), dIn, columns);
                dX.write(m * columns, dIn, 0, columns);
              }
            });
  }

  @Override
  default void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    int columns = x.columns();
    float[] scales = rstd.toArray(); // (M)
    sumRows(
        pool(),
        scales.length,
        dWeight,
        (m, column, count, sum, own) -> {
          float[] in = own.load(2, x, m * columns + column, count);
          float[] d = own.load(3, dY, m * columns + column, count);
          scaleInto(in, scales[(int) m], d, count);
          VectorElementwise.addScaled(in, 1, sum, count);
        });
  }

  // ---- rotary position embedding -------------------------------------------------------------

  @Override
  default void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices tokens, boolean inverse) {
    HostIndices positions = (HostIndices) tokens;
    if (positions.count() == 0) {
      return;
    }
    int half = headSize / 2;
    int width = Math.toIntExact(x.size() / positions.count()); // heads · D
    pool()
        .forRows(
            x.reshape(positions.count(), width),
            (from, to, own) -> {
              for (int n = (int) from; n < to; n++) {
                float[] c = own.load(0, cos, (long) positions.at(n) * half, half);
                float[] s = own.load(1, sin, (long) positions.at(n) * half, half);
                float[] row = own.load(2, x, (long) n * width, width);
                for (int head = 0; head < width; head += headSize) {
                  rotate(row, head, head + half, c, s, inverse ? -1 : 1, half);
                }
                x.write((long) n * width, row, 0, width);
              }
            });
  }

  /**
   * Rotates one row. Heads lie side by side without padding, so the elements past the last whole
   * vector are computed one by one.
   */
  private static void rotate(
      float[] row, int a, int b, float[] cos, float[] sin, float sign, int half) {
    int whole = half / VectorMath.LANES * VectorMath.LANES;
    for (int i = 0; i < whole; i += VectorMath.LANES) {
      FloatVector c = VectorMath.at(cos, i);
      FloatVector s = VectorMath.at(sin, i).mul(sign);
      FloatVector first = VectorMath.at(row, a + i);
      FloatVector second = VectorMath.at(row, b + i);
      first.mul(c).sub(second.mul(s)).intoArray(row, a + i);
      second.mul(c).add(first.mul(s)).intoArray(row, b + i);
    }
    for (int i = whole; i < half; i++) {
      float first = row[a + i];
      float second = row[b + i];
      row[a + i] = first * cos[i] - second * sign * sin[i];
      row[b + i] = second * cos[i] + first * sign * sin[i];
    }
  }
}
