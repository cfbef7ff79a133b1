package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Attention over branches of {@link VectorKernels}: like {@link VectorAttention}, with a gemm for
 * the prefix's keys and one for the branch's own.
 *
 * <p>What a branch gets depends on that branch alone, to the bit: no gemm mixes branches. A branch
 * of a single query is left to {@link VectorSingleQuery} where heads are whole vectors.
 */
final class VectorBranchAttention {
  private VectorBranchAttention() {}

  /** One call's tensors. */
  record Call(
      HostTensor q,
      HostTensor k,
      HostTensor v,
      Heads heads,
      float scale,
      HostTensor y,
      HostTensor logSumExp) {

    /** Of head h, of q or of y. */
    Matrix queries(HostTensor x, Branch tile, int h) {
      return VectorAttention.of(x, heads.query(), heads, tile.firstQuery(), h);
    }

    Matrix keys(int row, int kv) {
      return VectorAttention.of(k, heads.keyValue(), heads, row, kv);
    }

    Matrix values(int row, int kv) {
      return VectorAttention.of(v, heads.keyValue(), heads, row, kv);
    }
  }

  static void forward(WorkerPool pool, Call call, List<Branch> branches) {
    List<Branch> single = new ArrayList<>();
    List<Branch> tiles = new ArrayList<>();
    for (Branch branch : branches) {
      if (VectorSingleQuery.takes(branch, call.heads)) {
        single.add(branch);
        continue;
      }
      for (int from = 0; from < branch.queries(); from += VectorAttention.TILE) {
        tiles.add(branch.part(from, Math.min(branch.queries(), from + VectorAttention.TILE)));
      }
    }
    if (!single.isEmpty()) {
      VectorSingleQuery.forward(pool, call, single);
    }
    if (!tiles.isEmpty()) {
      forwardTiles(pool, call, tiles);
    }
  }

  private static void forwardTiles(WorkerPool pool, Call call, List<Branch> tiles) {
    Heads heads = call.heads;
    int group = heads.query() / heads.keyValue();
    pool.forEach(
        tiles.size() * heads.keyValue(),
        (task, own) -> {
          Branch tile = tiles.get(task / heads.keyValue());
          int kv = task % heads.keyValue();
          for (int h = kv * group; h < (kv + 1) * group; h++) {
            attend(call, tile, h, kv, own);
          }
        });
  }

  /**
   * Elements from one row of scores to the next: not a power of two, whose rows would share cache
   * sets.
   */
  private static long stride(Branch tile) {
    return (tile.visible(tile.queries() - 1) + 15) / 16 * 16 + 16;
  }

  private static void attend(Call call, Branch tile, int h, int kv, Scratch own) {
    int size = call.heads.size();
    int prefix = tile.prefixLength();
    int count = tile.queries();
    HostTensor scores = own.matrix(0, count * stride(tile));
    Matrix s = new Matrix(scores.address(), stride(tile));
    Matrix queries = call.queries(call.q, tile, h);
    Matrix out = call.queries(call.y, tile, h);
    if (prefix > 0) {
      Matrix keys = call.keys(tile.prefixStart(), kv);
      Gemm.timesTransposed(own, count, prefix, size, call.scale, queries, keys, 0, s);
    }
    Matrix ownScores = s.at(0, prefix);
    Matrix ownKeys = call.keys(tile.ownStart(), kv);
    Gemm.timesTransposed(
        own, count, tile.ownKeys(), size, call.scale, queries, ownKeys, 0, ownScores);
    softmax(call, tile, h, scores, own);
    if (prefix > 0) {
      Gemm.times(own, count, size, prefix, 1, s, call.values(tile.prefixStart(), kv), 0, out);
    }
    Matrix ownValues = call.values(tile.ownStart(), kv);
    Gemm.times(own, count, size, tile.ownKeys(), 1, ownScores, ownValues, prefix > 0 ? 1 : 0, out);
  }

  /** Turns a tile of scores into probabilities. */
  private static void softmax(Call call, Branch tile, int h, HostTensor scores, Scratch own) {
    int keys = tile.visible(tile.queries() - 1);
    float[] result = new float[1];
    own.row(0, keys); // grown once, to the longest row
    for (int r = 0; r < tile.queries(); r++) {
      int visible = tile.visible(r);
      long offset = r * stride(tile);
      float[] row = own.load(0, scores, offset, visible, Float.NEGATIVE_INFINITY);
      result[0] = VectorAttention.softmax(row, 0, visible);
      VectorAttention.storeMasked(row, visible, scores, offset, keys);
      long query = tile.firstQuery() + r;
      call.logSumExp.write(query * call.heads.query() + h, result, 0, 1);
    }
  }
}
