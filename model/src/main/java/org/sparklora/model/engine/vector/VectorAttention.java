package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Attention of {@link VectorKernels}, forward. One small gemm multiplies a tile of queries of one
 * head by each run of visible keys; scores exist for one tile at a time, never for (T, T).
 *
 * <p>A tile has the keys that any of its queries sees. Each query sees less: scores of the others
 * are computed and replaced by zero probabilities, which is cheaper than smaller gemms.
 *
 * <p>A branch's result depends bit by bit on that branch alone: no gemm mixes branches. {@link
 * VectorSingleQuery} computes branches of a single query if heads are whole vectors.
 */
final class VectorAttention {
  /** Queries of a tile. */
  static final int TILE = 64;

  private VectorAttention() {}

  /** The arguments of one call. */
  record Call(AttentionTensors tensors, Heads heads, float scale) {

    /** Rows of head h of q, y or their gradients, from the branch's first query on. */
    Matrix queries(Tensor x, Branch branch, int h) {
      return at(x, heads.query(), branch.firstQuery(), h);
    }

    /** Rows of key/value head kv of k, v or their gradients. */
    Matrix keys(Tensor x, int row, int kv) {
      return at(x, heads.keyValue(), row, kv);
    }

    private Matrix at(Tensor x, int headCount, int row, int head) {
      long stride = (long) headCount * heads.size();
      return new Matrix(((HostTensor) x).address(), stride).at(row, (long) head * heads.size());
    }
  }

  static void forward(WorkerPool pool, Call call, List<Branch> branches) {
    List<Branch> single = new ArrayList<>();
    List<Branch> tiles = new ArrayList<>();
    for (Branch branch : branches) {
      if (VectorSingleQuery.takes(branch, call.heads)) {
        single.add(branch.part(0, 1));
      } else {
        tiles.addAll(tiles(branch));
      }
    }
    if (!single.isEmpty()) {
      VectorSingleQuery.forward(pool, call, single);
    }
    int heads = call.heads.query();
    pool.forEach(
        tiles.size() * heads,
        (task, own) -> attend(call, tiles.get(task / heads), task % heads, own));
  }

  static List<Branch> tiles(Branch branch) {
    List<Branch> tiles = new ArrayList<>();
    for (int from = 0; from < branch.queries(); from += TILE) {
      tiles.add(branch.part(from, Math.min(branch.queries(), from + TILE)));
    }
    return tiles;
  }

  /**
   * Elements from one row of scores to the next: at least 16 more than keys, since a power of two
   * of keys would map all rows to the same cache sets.
   */
  static long stride(Branch tile) {
    return (tile.keys() + 15) / 16 * 16 + 16;
  }

  private static void attend(Call call, Branch tile, int h, Scratch own) {
    int size = call.heads.size();
    int rows = tile.queries();
    int kv = h * call.heads.keyValue() / call.heads.query();
    HostTensor scores = own.matrix(0, rows * stride(tile));
    Matrix p = new Matrix(scores.address(), stride(tile));
    Matrix queries = call.queries(call.tensors.q(), tile, h);
    tile.forEachRun(
        (start, count, key) -> {
          Matrix k = call.keys(call.tensors.k(), start, kv).transposed();
          Gemm.multiply(own, rows, count, size, call.scale, queries, k, false, p.at(0, key));
        });
    softmax(call, tile, h, scores, own);
    Matrix out = call.queries(call.tensors.y(), tile, h);
    tile.forEachRun(
        (start, count, key) -> {
          Matrix values = call.keys(call.tensors.v(), start, kv);
          Gemm.multiply(own, rows, size, count, 1, p.at(0, key), values, key > 0, out);
        });
  }

  /** Turns a tile of scores into probabilities. */
  private static void softmax(Call call, Branch tile, int h, HostTensor scores, Scratch own) {
    float[] result = new float[1];
    own.row(0, tile.keys()); // grows the buffer once, to the longest row
    for (int r = 0; r < tile.queries(); r++) {
      int visible = tile.visible(r);
      long offset = r * stride(tile);
      float[] row = own.load(0, scores, offset, visible, Float.NEGATIVE_INFINITY);
      Arrays.fill(row, 0, tile.first(r), Float.NEGATIVE_INFINITY);
      result[0] = softmax(row, 0, visible);
      storeMasked(row, tile, r, scores);
      long query = tile.firstQuery() + r;
      call.tensors.logSumExp().write(query * call.heads.query() + h, result, 0, 1);
    }
  }

  /** Turns scores, padded with −∞ to whole vectors, into probabilities; returns log Σ e^score. */
  static float softmax(float[] row, int at, int visible) {
    int end = at + visible;
    float largest = VectorMath.largest(row, at, end);
    float sum = exponentials(row, at, end, largest);
    divide(row, at, end, sum);
    return (float) (largest + Math.log(sum));
  }

  /** Writes row r of a tile's scores, with zeros for the keys that the query does not see. */
  static void storeMasked(float[] row, Branch tile, int r, HostTensor scores) {
    Arrays.fill(row, 0, tile.first(r), 0);
    Arrays.fill(row, tile.visible(r), tile.keys(), 0);
    scores.write(r * stride(tile), row, 0, tile.keys());
  }

  /** {@code row = e^(row − largest)}; returns their sum. */
  private static float exponentials(float[] row, int at, int end, float largest) {
    FloatVector sum = VectorMath.broadcast(0);
    for (int i = at; i < end; i += VectorMath.LANES) {
      FloatVector e = VectorMath.exp(VectorMath.at(row, i).sub(largest));
      e.intoArray(row, i);
      sum = sum.add(e);
    }
    return sum.reduceLanes(VectorOperators.ADD);
  }

  private static void divide(float[] row, int at, int end, float sum) {
    for (int i = at; i < end; i += VectorMath.LANES) {
      VectorMath.at(row, i).mul(1 / sum).intoArray(row, i);
    }
  }
}
