package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;

/**
 * Attention of {@link Nd4jKernels}: for each branch, tile after tile of queries against the keys
 * before the tile's end, as products batched over the K key/value heads. The G = H/K query heads of
 * a key/value head are stacked, so that a batch member is one matrix {@code (G·t, D)}.
 */
final class Nd4jAttention {
  /** Queries of a tile: bounds the scores at H · QUERIES · (longest document) floats. */
  static final int QUERIES = 256;

  /** Added to scores of unseen keys: its exponential is 0, and no difference with it overflows. */
  private static final float MASKED = -1e30f;

  private static final MMulTranspose PLAIN = MMulTranspose.allFalse();
  private static final MMulTranspose FIRST = MMulTranspose.builder().transposeA(true).build();
  private static final MMulTranspose SECOND = MMulTranspose.builder().transposeB(true).build();

  private final Heads heads;
  private final float scale;

  Nd4jAttention(Heads heads, float scale) {
    this.heads = heads;
    this.scale = scale;
  }

  /** {@code s = scale·q·kᵀ, p = exp(s − logSumExp), y = p·v} of one tile. */
  void forward(
      Tile tile, Nd4jTensor q, Nd4jTensor k, Nd4jTensor v, Nd4jTensor y, Nd4jTensor logSumExp) {
    INDArray scores = tile.scores(q, k);
    INDArray top = scores.max(true, 2);
    Transforms.exp(scores.subi(top), false);
    INDArray sum = scores.sum(true, 2);
    INDArray out = tile.empty(heads.size());
    multiply(scores, tile.keys(v), out, 0, PLAIN);
    tile.queries(y).assign(tile.byHead(out.divi(sum)));
    tile.sums(logSumExp).assign(tile.byHead(Transforms.log(sum, false).addi(top)));
  }

  /**
   * With p as in forward: {@code dV += pᵀ·dY, dS = p·(dY·vᵀ − Σ dY·y), dQ += scale·dS·k, dK +=
   * scale·dSᵀ·q} of one tile.
   */
  void backward(Tile tile, Inputs in, Nd4jTensor dQ, Nd4jTensor dK, Nd4jTensor dV) {
    INDArray p = tile.scores(in.q, in.k);
    Transforms.exp(p.subi(tile.grouped(tile.sums(in.logSumExp))), false);
    INDArray dOut = tile.grouped(tile.queries(in.dY));
    multiply(p, dOut, tile.keys(dV), 1, FIRST);
    INDArray dScores = Nd4j.createUninitialized(DataType.FLOAT, p.shape());
    multiply(dOut, tile.keys(in.v), dScores, 0, SECOND);
    INDArray centre = dOut.mul(tile.grouped(tile.queries(in.y))).sum(true, 2);
    dScores.subi(centre).muli(p).muli(scale);
    INDArray dQueries = tile.empty(heads.size());
    multiply(dScores, tile.keys(in.k), dQueries, 0, PLAIN);
    tile.queries(dQ).addi(tile.byHead(dQueries));
    multiply(dScores, tile.grouped(tile.queries(in.q)), tile.keys(dK), 1, FIRST);
  }

  /** The tensors that backward reads. */
  record Inputs(
      Nd4jTensor q,
      Nd4jTensor k,
      Nd4jTensor v,
      Nd4jTensor y,
      Nd4jTensor logSumExp,
      Nd4jTensor dY) {}

  /** {@code c = a·b + beta·c} of each batch member. */
  private static void multiply(
      INDArray a, INDArray b, INDArray c, double beta, MMulTranspose transposed) {
    Nd4j.exec(new Mmul(a, b, c, 1, beta, transposed));
  }

  /**
   * The t queries from row {@code from} on, and the s keys that any of them sees, from row {@code
   * start} on.
   */
  final class Tile {
    private final int start;
    private final int s;
    private final int from;
    private final int t;
    private final int window;

    Tile(int start, Branch part) {
      this.start = start;
      this.s = part.keys();
      this.from = part.firstQuery();
      this.t = part.queries();
      this.window = part.window();
    }

    /** The tile's queries in q, y or their gradients, {@code (H, t, D)}, in place. */
    INDArray queries(Nd4jTensor x) {
      long width = (long) heads.query() * heads.size();
      return x.arrayFrom(from * width, t, heads.query(), heads.size()).permute(1, 0, 2);
    }

    /** The tile's queries in logSumExp, {@code (H, t, 1)}, in place. */
    INDArray sums(Nd4jTensor logSumExp) {
      return logSumExp.arrayFrom((long) from * heads.query(), t, heads.query(), 1).permute(1, 0, 2);
    }

    /** The tile's keys in k, v or their gradients, {@code (K, s, D)}, in place. */
    INDArray keys(Nd4jTensor x) {
      long width = (long) heads.keyValue() * heads.size();
      return x.arrayFrom(start * width, s, heads.keyValue(), heads.size()).permute(1, 0, 2);
    }

    /** {@code (H, t, columns)} copied to {@code (K, G·t, columns)}. */
    INDArray grouped(INDArray byHead) {
      int group = heads.query() / heads.keyValue();
      return byHead.dup('c').reshape('c', heads.keyValue(), (long) group * t, byHead.size(2));
    }

    /** {@code (K, G·t, columns)} seen as {@code (H, t, columns)}. */
    INDArray byHead(INDArray grouped) {
      return grouped.reshape('c', heads.query(), t, grouped.size(2));
    }

    INDArray empty(long columns) {
      int group = heads.query() / heads.keyValue();
      return Nd4j.createUninitialized(DataType.FLOAT, heads.keyValue(), (long) group * t, columns);
    }

    /** {@code scale·q·kᵀ} with unseen tokens masked, {@code (K, G·t, s)}. */
    INDArray scores(Nd4jTensor q, Nd4jTensor k) {
      INDArray scores = empty(s);
      multiply(grouped(queries(q)).muli(scale), keys(k), scores, 0, SECOND);
      byHead(scores)
          .get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(s - t, s))
          .addi(masked(ahead(t).gt(0)));
      if (s > window) {
        byHead(scores).addi(masked(ahead(s).lte(-window)));
      }
      return scores;
    }

    /**
     * Number of each of the last {@code keys} keys, less that of each query, {@code (1, t, keys)}.
     */
    private INDArray ahead(int keys) {
      INDArray key = Nd4j.arange(t - keys, t).castTo(DataType.FLOAT);
      return key.reshape(1, 1, keys).sub(Nd4j.arange(t).castTo(DataType.FLOAT).reshape(1, t, 1));
    }

    private static INDArray masked(INDArray unseen) {
      return unseen.castTo(DataType.FLOAT).muli(MASKED);
    }
  }
}
