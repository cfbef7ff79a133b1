package org.sparklora.model.engine.vector;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.VectorAttention.Call;

/**
 * Attention of {@link VectorAttention} for branches of one query, as decoding computes for each
 * token. Reads keys and values once, a few rows of all heads at a time, and multiplies them by the
 * query heads that share them in tiles of 4; a gemm call would cost more than such a product.
 *
 * <p>A branch's result does not depend on other branches or on the place of its keys: pieces are
 * cut by the number of a key, not where a run ends.
 */
final class VectorSingleQuery {
  private static final int TILE = FewRowsTile.ROWS;

  /** Elements of keys or values that are copied at a time: 16 KiB. */
  private static final int PIECE = 4096;

  private VectorSingleQuery() {}

  /** Whether the branch has one query and heads are whole vectors. */
  static boolean takes(Branch branch, Heads heads) {
    return branch.queries() == 1 && heads.size() % VectorMath.LANES == 0;
  }

  static void forward(WorkerPool pool, Call call, List<Branch> branches) {
    int keyValueHeads = call.heads().keyValue();
    int headsOfATask = branches.size() < pool.threads() ? 1 : keyValueHeads;
    int tasksOfABranch = keyValueHeads / headsOfATask;
    pool.forRanges(
        (long) branches.size() * tasksOfABranch,
        1,
        (task, end, own) -> {
          Branch branch = branches.get((int) task / tasksOfABranch);
          int first = (int) task % tasksOfABranch * headsOfATask;
          new Query(call, branch, first, headsOfATask, own).attend();
        });
  }

  /** One branch's query with some key/value heads and the query heads that share them. */
  private static final class Query {
    private final Call call;
    private final Branch branch;
    private final int firstHead; // of keys and values
    private final int keyValueHeads;
    private final int size; // D
    private final int group; // query heads of a key/value head
    private final int padded; // group rounded up to whole tiles
    private final int keys;
    private final int stride; // elements from one row of scores to the next

    private final float[] queries; // (keyValueHeads, padded, D), scaled
    private final float[] scores; // (keyValueHeads, padded, stride), then probabilities
    private final float[] piece; // (rows, keyValueHeads, D)
    private final float[] results; // (keyValueHeads, padded, D)
    private final float[] lanes;

    Query(Call call, Branch branch, int firstHead, int keyValueHeads, Scratch own) {
      this.call = call;
      this.branch = branch;
      this.firstHead = firstHead;
      this.keyValueHeads = keyValueHeads;
      this.size = call.heads().size();
      this.group = call.heads().query() / call.heads().keyValue();
      this.padded = VectorMath.roundUp(group, TILE);
      this.keys = branch.keys();
      this.stride = VectorMath.roundUp(keys + TILE); // the last tile may reach past the keys
      this.queries = own.row(0, keyValueHeads * padded * size);
      this.scores = own.row(1, keyValueHeads * padded * stride);
      this.piece = own.row(2, rowsOfAPiece() * keyValueHeads * size);
      this.results = own.row(3, keyValueHeads * padded * size);
      this.lanes = own.row(4, LaneSums.VECTORS * VectorMath.LANES);
    }

    /** Rows of a piece; sums may not depend on the number of heads in a task. */
    private int rowsOfAPiece() {
      return Math.max(TILE, PIECE / (call.heads().keyValue() * size) / TILE * TILE);
    }

    void attend() {
      readQueries();
      forPieces(call.tensors().k(), this::score);
      softmax();
      Arrays.fill(results, 0, keyValueHeads * padded * size, 0);
      forPieces(call.tensors().v(), this::weigh);
      writeResults();
    }

    private int offsetOfHead(int kv) {
      return kv * padded * size;
    }

    private long queryHead(int kv) {
      return (long) branch.firstQuery() * call.heads().query() + (long) (firstHead + kv) * group;
    }

    private void readQueries() {
      for (int kv = 0; kv < keyValueHeads; kv++) {
        int at = offsetOfHead(kv);
        call.tensors().q().read(queryHead(kv) * size, queries, at, group * size);
        for (int i = at; i < at + group * size; i++) {
          queries[i] *= call.scale();
        }
        Arrays.fill(queries, at + group * size, at + padded * size, 0);
      }
    }

    private interface Piece {
      /** Takes {@code rows} rows; the first is key number {@code key} of the branch. */
      void take(int key, int rows);
    }

    /** Passes all keys of the branch to {@code taker}, piece by piece. */
    private void forPieces(Tensor x, Piece taker) {
      int run = 0;
      int done = 0; // keys of the run that were read
      for (int from = 0; from < keys; from += rowsOfAPiece()) {
        int rows = Math.min(rowsOfAPiece(), keys - from);
        for (int row = 0; row < rows; ) {
          Branch.Run next = branch.runs().get(run);
          int count = Math.min(rows - row, next.length() - done);
          read(x, next.start() + done, row, count);
          row += count;
          done += count;
          if (done == next.length()) {
            run++;
            done = 0;
          }
        }
        taker.take(from, rows);
      }
    }

    /** Copies {@code count} rows of x from {@code start} on to the piece, from {@code row} on. */
    private void read(Tensor x, int start, int row, int count) {
      int width = call.heads().keyValue() * size;
      int part = keyValueHeads * size;
      long offset = (long) start * width + (long) firstHead * size;
      if (part == width) {
        x.read(offset, piece, row * width, count * width);
        return;
      }
      for (int i = 0; i < count; i++) {
        x.read(offset + (long) i * width, piece, (row + i) * part, part);
      }
    }

    /** {@code scores = queries · keys}; the next piece overwrites scores past {@code rows}. */
    private void score(int key, int rows) {
      int part = keyValueHeads * size;
      for (int kv = 0; kv < keyValueHeads; kv++) {
        for (int h = 0; h < padded; h += TILE) {
          int query = offsetOfHead(kv) + h * size;
          for (int row = 0; row < rows; row += TILE) {
            FewRowsTile.floats(queries, query, piece, row * part + kv * size, part, size, lanes);
            LaneSums.sum(lanes);
            for (int i = 0; i < TILE; i++) {
              int at = (kv * padded + h + i) * stride + key + row;
              System.arraycopy(lanes, TILE * i, scores, at, TILE);
            }
          }
        }
      }
    }

    private void softmax() {
      float[] logSumExp = new float[group];
      for (int kv = 0; kv < keyValueHeads; kv++) {
        for (int h = 0; h < group; h++) {
          int at = (kv * padded + h) * stride;
          Arrays.fill(scores, at + keys, at + VectorMath.roundUp(keys), Float.NEGATIVE_INFINITY);
          logSumExp[h] = VectorAttention.softmax(scores, at, keys);
        }
        call.tensors().logSumExp().write(queryHead(kv), logSumExp, 0, group);
      }
    }

    /** {@code results += probabilities · values}. */
    private void weigh(int key, int rows) {
      int part = keyValueHeads * size;
      for (int kv = 0; kv < keyValueHeads; kv++) {
        for (int h = 0; h < padded; h += TILE) {
          int weights = (kv * padded + h) * stride + key;
          int result = offsetOfHead(kv) + h * size;
          for (int column = 0; column < size; column += VectorMath.LANES) {
            addWeighted(
                piece,
                kv * size + column,
                part,
                rows,
                scores,
                weights,
                stride,
                results,
                result + column,
                size);
          }
        }
      }
    }

    private void writeResults() {
      for (int kv = 0; kv < keyValueHeads; kv++) {
        call.tensors().y().write(queryHead(kv) * size, results, offsetOfHead(kv), group * size);
      }
    }
  }

  /**
   * {@code y[i] += Σ p[i][row]·v[row]} for 4 heads i and the rows of one vector's width; unrolled
   * for the reason that {@link FewRowsTile} gives.
   */
  private static void addWeighted(
      float[] v,
      int v0,
      int vStride,
      int rows,
      float[] p,
      int p0,
      int pStride,
      float[] y,
      int y0,
      int yStride) {
    int p1 = p0 + pStride, p2 = p1 + pStride, p3 = p2 + pStride;
    FloatVector zero = FloatVector.zero(VectorMath.SPECIES);
    FloatVector a = zero, b = zero, c = zero, d = zero;
    for (int row = 0; row < rows; row++) {
      FloatVector value = FloatVector.fromArray(VectorMath.SPECIES, v, v0 + row * vStride);
      a = value.fma(FloatVector.broadcast(VectorMath.SPECIES, p[p0 + row]), a);
      b = value.fma(FloatVector.broadcast(VectorMath.SPECIES, p[p1 + row]), b);
      c = value.fma(FloatVector.broadcast(VectorMath.SPECIES, p[p2 + row]), c);
      d = value.fma(FloatVector.broadcast(VectorMath.SPECIES, p[p3 + row]), d);
    }
    int y1 = y0 + yStride, y2 = y1 + yStride, y3 = y2 + yStride;
    FloatVector.fromArray(VectorMath.SPECIES, y, y0).add(a).intoArray(y, y0);
    FloatVector.fromArray(VectorMath.SPECIES, y, y1).add(b).intoArray(y, y1);
    FloatVector.fromArray(VectorMath.SPECIES, y, y2).add(c).intoArray(y, y2);
    FloatVector.fromArray(VectorMath.SPECIES, y, y3).add(d).intoArray(y, y3);
  }
}
