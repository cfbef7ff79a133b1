package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Attention of {@link VectorKernels}, forward. A tile of queries of one head meets all the keys it
 * may see in one small gemm; scores exist for one tile at a time, never for (T, T).
 *
 * <p>A tile's last key is its last query. Earlier queries of the tile see less: their scores are
 * computed and replaced by zero probabilities, which is cheaper than smaller gemms.
 */
final class VectorAttention {
  /** Queries of a tile. */
  static final int TILE = 64;

  private VectorAttention() {}

  /** Queries {@code [from, to)} of the segment that begins at token {@code start}. */
  record Queries(int start, int from, int to) {
    int count() {
      return to - from;
    }

    /** Keys that the last query sees. */
    int keys() {
      return to - start;
    }

    List<Queries> tiles() {
      List<Queries> tiles = new ArrayList<>();
      for (int t = from; t < to; t += TILE) {
        tiles.add(new Queries(start, t, Math.min(to, t + TILE)));
      }
      return tiles;
    }
  }

  static void forward(
      WorkerPool pool,
      HostTensor q,
      HostTensor k,
      HostTensor v,
      Heads heads,
      Segments segments,
      float scale,
      HostTensor y,
      HostTensor logSumExp) {
    List<Queries> tiles = new ArrayList<>();
    for (int s = 0; s < segments.count(); s++) {
      tiles.addAll(new Queries(segments.start(s), segments.start(s), segments.end(s)).tiles());
    }
    pool.forEach(
        tiles.size() * heads.query(),
        (task, own) -> {
          Queries tile = tiles.get(task / heads.query());
          int h = task % heads.query();
          int kv = h * heads.keyValue() / heads.query();
          Matrix keys = of(k, heads.keyValue(), heads, tile.start(), kv);
          Matrix values = of(v, heads.keyValue(), heads, tile.start(), kv);
          Matrix queries = of(q, heads.query(), heads, tile.from(), h);
          HostTensor scores = own.matrix(0, tile.count() * stride(tile));
          Matrix s = new Matrix(scores.address(), stride(tile));
          Gemm.timesTransposed(
              own, tile.count(), tile.keys(), heads.size(), scale, queries, keys, 0, s);
          softmax(scores, tile, own, logSumExp, h, heads.query());
          Matrix out = of(y, heads.query(), heads, tile.from(), h);
          Gemm.times(own, tile.count(), heads.size(), tile.keys(), 1, s, values, 0, out);
        });
  }

  /** Where head h of token n begins, in a tensor (N, headCount, D). */
  static Matrix of(HostTensor x, int headCount, Heads heads, int n, int h) {
    long stride = (long) headCount * heads.size();
    return new Matrix(x.address(), stride).at(n, (long) h * heads.size());
  }

  /**
   * Elements from one row of scores to the next: not a power of two, whose rows would share cache
   * sets.
   */
  static long stride(Queries tile) {
    return (tile.keys() + 15) / 16 * 16 + 16;
  }

  /** Turns a tile of scores into probabilities. */
  private static void softmax(
      HostTensor scores, Queries tile, Scratch own, HostTensor logSumExp, int h, int headCount) {
    float[] result = new float[1];
    own.row(0, tile.keys()); // grown once, to the longest row
    for (int r = 0; r < tile.count(); r++) {
      int visible = tile.from() + r - tile.start() + 1;
      float[] row = own.load(0, scores, r * stride(tile), visible, Float.NEGATIVE_INFINITY);
      result[0] = softmax(row, 0, visible);
      storeMasked(row, visible, scores, r * stride(tile), tile.keys());
      logSumExp.write((long) (tile.from() + r) * headCount + h, result, 0, 1);
    }
  }

  /**
   * Turns scores from {@code at} on, padded with −∞ to whole vectors, into probabilities; returns
   * the logarithm of Σ e^score.
   */
  static float softmax(float[] row, int at, int visible) {
    int end = at + visible;
    float largest = largest(row, at, end);
    float sum = exponentials(row, at, end, largest);
    divide(row, at, end, sum);
    return (float) (largest + Math.log(sum));
  }

  /** Writes the visible part of a row, and zeros from there to {@code keys}. */
  static void storeMasked(float[] row, int visible, HostTensor tile, long offset, int keys) {
    Arrays.fill(row, visible, keys, 0);
    tile.write(offset, row, 0, keys);
  }

  private static float largest(float[] row, int at, int end) {
    FloatVector top = VectorMath.broadcast(Float.NEGATIVE_INFINITY);
    for (int i = at; i < end; i += VectorMath.LANES) {
      top = top.max(VectorMath.at(row, i));
    }
    return top.reduceLanes(VectorOperators.MAX);
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
