package org.sparklora.model.engine.vector;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The operations of {@link VectorKernels} that treat each row alone, or sum over rows: bias,
 * embedding, root-mean-square norm, rotation, rows of experts. Each row is copied into an array,
 * computed there and copied back.
 */
interface VectorRows extends VectorElementwise {
  /** Columns of one task that adds to rows of a table. */
  int TABLE_COLUMNS = 256;

  /** Rows that one task sums before adding to the total, which limits the error of long sums. */
  int SUM_ROWS = 64;

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
        (from, to, sum, own) -> {
          for (long n = from; n < to; n++) {
            VectorElementwise.addScaled(own.load(0, dY, n * columns, columns), 1, sum, columns);
          }
        });
  }

  /** Adds rows to a sum. */
  interface RowSum {
    /** Adds the rows {@code [from, to)} to {@code sum}, which is padded to whole vectors. */
    void add(long from, long to, float[] sum, Scratch scratch);
  }

  /**
   * {@code total += Σ rows}: sums blocks of rows, and adds the sums in their order, so that the
   * result does not depend on the threads.
   */
  static void sumRows(WorkerPool pool, int rows, Tensor total, RowSum part) {
    int columns = Math.toIntExact(total.size());
    float[][] sums = new float[(rows + SUM_ROWS - 1) / SUM_ROWS][VectorMath.roundUp(columns)];
    pool.forRanges(
        rows, SUM_ROWS, (from, to, own) -> part.add(from, to, sums[(int) (from / SUM_ROWS)], own));
    float[] result = pool.scratch().load(0, total, 0, columns);
    for (float[] sum : sums) {
      VectorElementwise.addScaled(sum, 1, result, columns);
    }
    total.write(0, result, 0, columns);
  }

  // ---- mixture of experts --------------------------------------------------------------------

  @Override
  default void scaleRows(Tensor y, Tensor factors) {
    int columns = y.columns();
    pool()
        .forRows(
            y,
            (from, to, own) -> {
              float[] factor = own.load(1, factors, from, (int) (to - from));
              for (long m = from; m < to; m++) {
                float[] row = own.load(0, y, m * columns, columns);
                VectorElementwise.scale(row, factor[(int) (m - from)], columns);
                own.store(row, y, m * columns, columns);
              }
            });
  }

  @Override
  default void dotRows(Tensor a, Tensor b, Tensor y) {
    int columns = a.columns();
    pool()
        .forRows(
            a,
            (from, to, own) -> {
              float[] dots = own.row(2, (int) (to - from));
              for (long m = from; m < to; m++) {
                float[] one = own.load(0, a, m * columns, columns);
                float[] other = own.load(1, b, m * columns, columns);
                dots[(int) (m - from)] = VectorMath.dot(one, other, columns);
              }
              y.write(from, dots, 0, (int) (to - from));
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

  /** Copies row {@code from(n)} of x to row {@code to(n)} of y for each n of {@code counted}. */
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

  /** A task owns a column range, since two threads may not add to the row of a repeated token. */
  @Override
  default void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    HostIndices of = (HostIndices) tokens;
    int columns = dY.columns();
    pool()
        .forRanges(
            columns,
            TABLE_COLUMNS,
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
        (from, to, sum, own) -> {
          for (long m = from; m < to; m++) {
            float[] in = own.load(0, x, m * columns, columns);
            scaleInto(in, scales[(int) m], own.load(1, dY, m * columns, columns), columns);
            VectorElementwise.addScaled(in, 1, sum, columns);
          }
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
