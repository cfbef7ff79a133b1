package org.sparklora.model.engine.vector;

import java.util.Arrays;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Products of few rows by a large weight, of {@link VectorKernels}: {@code y = alpha · x · wᵀ}, or
 * {@code y += …}. Decoding computes such products. Each element of the weight is used only once per
 * row, so that memory bandwidth limits them, and gemm would first copy the weight into another
 * order. A bfloat16 weight is half as many bytes, and is widened in registers; an NF4 weight is
 * widened as its blocks are copied.
 *
 * <p>A block of the weight, some outputs wide, is copied into an array that stays in the
 * second-level cache, and multiplied by all rows there, in {@link FewRowsTile tiles} of 4 rows and
 * 3 or 4 outputs whose sums stay in registers. Inputs are cut into blocks by their number alone,
 * and a sum of x and w is the same sequence of operations in every tile: a row's result does not
 * depend, to the bit, on how many other rows there are, on its place among them, or on the threads.
 */
final class VectorFewRows {
  /** Most rows of a product computed here: as many as are decoded at once. */
  static final int MOST = 128;

  private static final int TILE = FewRowsTile.ROWS;

  /** Most inputs of a block of the weight: 4 rows of x then fit in the first-level cache. */
  private static final int MOST_INPUTS = 1536;

  /** Bytes of a weight's block: long reads are faster, but the second-level cache must hold it. */
  private static final int BLOCK_BYTES = 96 << 10;

  /** Multiplications worth a hand-over between threads: some 5 µs. */
  private static final long PRODUCTS_PER_TASK = 1 << 17;

  /** Tasks for each thread: several, so that a thread without a core does not delay all. */
  private static final int TASKS_PER_THREAD = 8;

  /** Elements of the weight in one task at most. */
  private static final int LARGEST_TASK = 1 << 20;

  private VectorFewRows() {}

  /** One call: its operands, and how its inputs are cut. */
  private record Call(HostTensor x, Tensor w, float alpha, boolean adds, HostTensor y) {

    /** Whether w is bfloat16 and used as stored, with x arranged by {@link FewRowsTile#pair}. */
    boolean isPaired() {
      return w.dtype() == DType.BFLOAT16;
    }

    /** Number of blocks that the inputs are cut into. */
    int blocks() {
      return Math.max(1, (w.columns() + MOST_INPUTS - 1) / MOST_INPUTS);
    }

    /** Inputs of a block. */
    int block() {
      int vectors = isPaired() ? 2 * VectorMath.LANES : VectorMath.LANES;
      return VectorMath.roundUp((w.columns() + blocks() - 1) / blocks(), vectors);
    }

    int rows() {
      return VectorMath.roundUp(x.rows(), TILE);
    }

    /** Outputs of a tile. */
    int width() {
      return isPaired() ? FewRowsTile.HALVES_ROWS : TILE;
    }

    /** Outputs of a block of the weight. */
    int outputs() {
      int fit = BLOCK_BYTES / (block() * (isPaired() ? Short.BYTES : Float.BYTES));
      return Math.max(1, fit / width()) * width();
    }

    int from(int b) {
      return b * block();
    }

    int count(int b) {
      return Math.min(block(), w.columns() - from(b));
    }
  }

  static void forward(
      WorkerPool pool, HostTensor x, Tensor w, float alpha, boolean adds, HostTensor y) {
    Call call = new Call(x, w, alpha, adds, y);
    float[] inputs = inputs(call, pool.scratch());
    pool.forRanges(
        w.rows(),
        outputsOfATask(call, pool.threads()),
        (from, to, own) -> outputs(call, inputs, (int) from, (int) to, own));
  }

  private static int outputsOfATask(Call call, int threads) {
    int in = call.blocks() * call.block();
    int even = call.w.rows() / (TASKS_PER_THREAD * threads);
    int least = (int) (PRODUCTS_PER_TASK / ((long) call.rows() * in));
    int most = LARGEST_TASK / in;
    return VectorMath.roundUp(Math.max(1, Math.min(most, Math.max(least, even))), call.width());
  }

  /** x as {@code (blocks, rows, block)}, padded with zeros. */
  private static float[] inputs(Call call, Scratch own) {
    int columns = call.x.columns();
    float[] inputs = own.row(0, call.blocks() * call.rows() * call.block());
    for (int b = 0; b < call.blocks(); b++) {
      int count = call.count(b);
      int at = b * call.rows() * call.block();
      for (int n = 0; n < call.x.rows(); n++) {
        long offset = (long) n * columns + call.from(b);
        if (call.isPaired()) {
          float[] row = own.row(1, count);
          call.x.read(offset, row, 0, count);
          FewRowsTile.pair(row, count, inputs, at, call.block());
        } else {
          call.x.read(offset, inputs, at, count);
          Arrays.fill(inputs, at + count, at + call.block(), 0);
        }
        at += call.block();
      }
      Arrays.fill(inputs, at, (b + 1) * call.rows() * call.block(), 0);
    }
    return inputs;
  }

  /** Computes the outputs {@code [from, to)} of all rows. */
  private static void outputs(Call call, float[] inputs, int from, int to, Scratch own) {
    int block = call.block();
    int tile = call.width();
    int outputs = Math.min(call.outputs(), VectorMath.roundUp(to - from, tile));
    int width = VectorMath.roundUp(to - from, tile);
    boolean paired = call.isPaired();
    float[] sums = own.row(1, call.rows() * width); // (rows, width)
    float[] lanes = own.row(4, LaneSums.VECTORS * VectorMath.LANES);
    // a block of the weight, (outputs, block), in one of two types
    short[] halves = own.halves(paired ? outputs * block + 1 : 0); // from element 1 on
    float[] floats = own.row(2, paired ? 0 : outputs * block);
    for (int o = from; o < to; o += outputs) {
      int count = Math.min(outputs, to - o);
      for (int b = 0; b < call.blocks(); b++) {
        if (paired) {
          WeightRows.load(
              (HostTensor) call.w, o, count, call.from(b), call.count(b), block, halves);
        } else {
          WeightRows.load(call.w, o, count, call.from(b), call.count(b), block, floats);
        }
        for (int n = 0; n < call.rows(); n += TILE) {
          int x = (b * call.rows() + n) * block;
          for (int p = 0; p < count; p += tile) {
            if (paired) {
              FewRowsTile.halves(inputs, x, halves, 1 + p * block, block, lanes);
            } else {
              FewRowsTile.floats(inputs, x, floats, p * block, block, block, lanes);
            }
            put(lanes, tile, sums, n * width + o - from + p, width, b == 0);
          }
        }
      }
    }
    write(call, sums, width, from, to, own);
  }

  /** Adds up a tile's lanes, and writes ({@code first}) or adds the results to the sums. */
  private static void put(float[] lanes, int tile, float[] sums, int at, int width, boolean first) {
    LaneSums.sum(lanes);
    for (int i = 0; i < TILE; i++) {
      int row = at + i * width;
      for (int j = 0; j < tile; j++) {
        sums[row + j] = first ? lanes[tile * i + j] : sums[row + j] + lanes[tile * i + j];
      }
    }
  }

  private static void write(Call call, float[] sums, int width, int from, int to, Scratch own) {
    int count = to - from;
    boolean asTheyAre = !call.adds && call.alpha == 1;
    for (int n = 0; n < call.y.rows(); n++) {
      long offset = (long) n * call.y.columns() + from;
      if (asTheyAre) {
        call.y.write(offset, sums, n * width, count);
        continue;
      }
      float[] row = VectorLowRank.start(call.y, offset, count, call.adds, own);
      for (int o = 0; o < count; o++) {
        row[o] += call.alpha * sums[n * width + o];
      }
      call.y.write(offset, row, 0, count);
    }
  }
}
