package org.sparklora.model.kernels;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Products of few rows by a large weight, of {@link VectorKernels}: {@code y = beta·y + alpha · x ·
 * wᵀ}. They are what decoding does, and a stream over the weight: each of its elements is used as
 * often as there are rows, so that memory sets the pace, where gemm would first copy it into
 * another order.
 *
 * <p>A block of the weight, some outputs wide, is copied into an array that stays in the
 * first-level cache, and meets all rows there, in tiles of 4 rows and 4 outputs whose sums stay in
 * registers. Inputs are cut into blocks by their number alone, and a sum of x and w is the same
 * sequence of operations in every tile: a row's result does not depend, to the bit, on how many
 * other rows there are, on its place among them, or on the threads.
 */
final class VectorFewRows {
  /** Rows of the products that are computed here: as many as are decoded at once. */
  static final int MOST = 128;

  private static final int TILE = 4;

  /** Outputs of a block of the weight. */
  private static final int OUTPUTS = 8;

  /** Inputs of a block at most: 24 KiB of the weight. */
  private static final int INPUTS = 768;

  /** Multiplications worth a hand-over between threads: some 10 µs. */
  private static final long PRODUCTS_PER_TASK = 1 << 18;

  /** Tasks for each thread: more than one, so that one that lost its core does not hold up all. */
  private static final int TASKS_PER_THREAD = 4;

  /** Elements of the weight in one task at most. */
  private static final int LARGEST_TASK = 1 << 20;

  private VectorFewRows() {}

  /** One call: its operands, and how its inputs are cut. */
  private record Call(
      HostTensor x, HostTensor w, float alpha, float beta, HostTensor y, int blocks, int block) {

    int rows() {
      return roundUp(x.rows(), TILE);
    }

    int from(int b) {
      return b * block;
    }

    int count(int b) {
      return Math.min(block, w.columns() - from(b));
    }
  }

  private static int roundUp(int size, int multiple) {
    return (size + multiple - 1) / multiple * multiple;
  }

  static void forward(
      WorkerPool pool, HostTensor x, HostTensor w, float alpha, float beta, HostTensor y) {
    int in = w.columns();
    int blocks = Math.max(1, (in + INPUTS - 1) / INPUTS);
    int block = VectorMath.roundUp((in + blocks - 1) / blocks);
    Call call = new Call(x, w, alpha, beta, y, blocks, block);
    float[] inputs = inputs(call, pool.scratch());
    pool.forRanges(
        w.rows(),
        outputsOfATask(call, pool.threads()),
        (from, to, own) -> outputs(call, inputs, (int) from, (int) to, own));
  }

  private static int outputsOfATask(Call call, int threads) {
    int in = call.blocks * call.block;
    int even = call.w.rows() / (TASKS_PER_THREAD * threads);
    int least = (int) (PRODUCTS_PER_TASK / ((long) call.rows() * in));
    int most = LARGEST_TASK / in;
    return roundUp(Math.max(1, Math.min(most, Math.max(least, even))), OUTPUTS);
  }

  /** x as {@code (blocks, rows, block)}, with zeros where there is no row or input. */
  private static float[] inputs(Call call, Scratch own) {
    int columns = call.x.columns();
    float[] inputs = own.row(0, call.blocks * call.rows() * call.block);
    Arrays.fill(inputs, 0);
    for (int b = 0; b < call.blocks; b++) {
      for (int n = 0; n < call.x.rows(); n++) {
        long offset = (long) n * columns + call.from(b);
        call.x.read(offset, inputs, (b * call.rows() + n) * call.block, call.count(b));
      }
    }
    return inputs;
  }

  /** The outputs {@code [from, to)} of all rows. */
  private static void outputs(Call call, float[] inputs, int from, int to, Scratch own) {
    int width = roundUp(to - from, TILE);
    float[] sums = own.row(1, call.rows() * width); // (rows, width)
    float[] weights = own.row(2, OUTPUTS * call.block); // (OUTPUTS, block)
    for (int o = from; o < to; o += OUTPUTS) {
      int count = Math.min(OUTPUTS, to - o);
      for (int b = 0; b < call.blocks; b++) {
        WeightRows.load(call.w, o, count, call.from(b), call.count(b), call.block, weights, own);
        for (int n = 0; n < call.rows(); n += TILE) {
          int x = (b * call.rows() + n) * call.block;
          for (int p = 0; p < count; p += TILE) {
            int sum = n * width + o - from + p;
            addTile(inputs, x, weights, p * call.block, call.block, sums, sum, width, b == 0);
          }
        }
      }
    }
    write(call, sums, width, from, to, own);
  }

  /** {@code sums[i][j] (+)= Σ x[i]·w[j]} for 4 rows of each, of {@code length} elements. */
  private static void addTile(
      float[] x,
      int x0,
      float[] w,
      int w0,
      int length,
      float[] sums,
      int s0,
      int stride,
      boolean first) {
    FloatVector zero = VectorMath.broadcast(0);
    FloatVector s00 = zero, s01 = zero, s02 = zero, s03 = zero;
    FloatVector s10 = zero, s11 = zero, s12 = zero, s13 = zero;
    FloatVector s20 = zero, s21 = zero, s22 = zero, s23 = zero;
    FloatVector s30 = zero, s31 = zero, s32 = zero, s33 = zero;
    int x1 = x0 + length, x2 = x1 + length, x3 = x2 + length;
    int w1 = w0 + length, w2 = w1 + length, w3 = w2 + length;
    for (int i = 0; i < length; i += VectorMath.LANES) {
      FloatVector a = VectorMath.at(w, w0 + i);
      FloatVector b = VectorMath.at(w, w1 + i);
      FloatVector c = VectorMath.at(w, w2 + i);
      FloatVector d = VectorMath.at(w, w3 + i);
      FloatVector row = VectorMath.at(x, x0 + i);
      s00 = row.fma(a, s00);
      s01 = row.fma(b, s01);
      s02 = row.fma(c, s02);
      s03 = row.fma(d, s03);
      row = VectorMath.at(x, x1 + i);
      s10 = row.fma(a, s10);
      s11 = row.fma(b, s11);
      s12 = row.fma(c, s12);
      s13 = row.fma(d, s13);
      row = VectorMath.at(x, x2 + i);
      s20 = row.fma(a, s20);
      s21 = row.fma(b, s21);
      s22 = row.fma(c, s22);
      s23 = row.fma(d, s23);
      row = VectorMath.at(x, x3 + i);
      s30 = row.fma(a, s30);
      s31 = row.fma(b, s31);
      s32 = row.fma(c, s32);
      s33 = row.fma(d, s33);
    }
    put(sums, s0, first, s00, s01, s02, s03);
    put(sums, s0 + stride, first, s10, s11, s12, s13);
    put(sums, s0 + 2 * stride, first, s20, s21, s22, s23);
    put(sums, s0 + 3 * stride, first, s30, s31, s32, s33);
  }

  private static void put(
      float[] sums,
      int at,
      boolean first,
      FloatVector a,
      FloatVector b,
      FloatVector c,
      FloatVector d) {
    sums[at] = (first ? 0 : sums[at]) + a.reduceLanes(VectorOperators.ADD);
    sums[at + 1] = (first ? 0 : sums[at + 1]) + b.reduceLanes(VectorOperators.ADD);
    sums[at + 2] = (first ? 0 : sums[at + 2]) + c.reduceLanes(VectorOperators.ADD);
    sums[at + 3] = (first ? 0 : sums[at + 3]) + d.reduceLanes(VectorOperators.ADD);
  }

  private static void write(Call call, float[] sums, int width, int from, int to, Scratch own) {
    int count = to - from;
    for (int n = 0; n < call.y.rows(); n++) {
      long offset = (long) n * call.y.columns() + from;
      float[] row = own.row(3, count);
      if (call.beta == 0) {
        Arrays.fill(row, 0, count, 0);
      } else {
        call.y.read(offset, row, 0, count);
      }
      for (int o = 0; o < count; o++) {
        row[o] = call.beta * row[o] + call.alpha * sums[n * width + o];
      }
      call.y.write(offset, row, 0, count);
    }
  }
}
