package org.sparklora.engine.nd4j;

import static org.sparklora.engine.nd4j.Nd4jProducts.FIRST;
import static org.sparklora.engine.nd4j.Nd4jProducts.PLAIN;
import static org.sparklora.engine.nd4j.Nd4jProducts.SECOND;

import java.util.List;
import java.util.function.Consumer;
import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Attention of {@link Nd4jKernels}: for each branch, tile after tile of queries against the keys
 * before the tile's end, as products batched over the K key/value heads. The G = H/K query heads of
 * a key/value head are stacked, so that a batch member is one matrix {@code (G·t, D)}. Keys of a
 * branch that lie in several runs are copied next to each other.
 */
record Nd4jAttention(Heads heads, List<Branch> branches, float scale) {
  /** Queries of a tile: bounds the scores at H · QUERIES · (longest document) floats. */
  static final int QUERIES = 256;

  /** Added to scores of unseen keys: its exponential is 0, and no difference with it overflows. */
  private static final float MASKED = -1e30f;

  /** {@code s = scale·q·kᵀ, p = exp(s − logSumExp), y = p·v} of each query over its keys. */
  void forward(AttentionTensors of) {
    for (Branch branch : branches) {
      if (branch.isOneRun()) {
        forTiles(branch, start(branch), tile -> tile.forward(of));
        continue;
      }
      try (Tensor keys = gathered(of.k(), branch);
          Tensor values = gathered(of.v(), branch)) {
        AttentionTensors own = withKeys(of, keys, values);
        forTiles(branch, 0, tile -> tile.forward(own));
      }
    }
  }

  /**
   * With p as in forward: {@code dV += pᵀ·dY, dS = p·(dY·vᵀ − Σ dY·y), dQ += scale·dS·k, dK +=
   * scale·dSᵀ·q}. Sums the gradients of several runs in a copy, then adds them to the keys' rows.
   */
  void backward(AttentionTensors of, Gradients gradients) {
    for (Branch branch : branches) {
      if (branch.isOneRun()) {
        forTiles(branch, start(branch), tile -> tile.backward(of, gradients));
        continue;
      }
      try (Tensor keys = gathered(of.k(), branch);
          Tensor values = gathered(of.v(), branch);
          Tensor dKeys = zeros(branch);
          Tensor dValues = zeros(branch)) {
        AttentionTensors own = withKeys(of, keys, values);
        Gradients ofOwn = new Gradients(gradients.dY(), gradients.dQ(), dKeys, dValues);
        forTiles(branch, 0, tile -> tile.backward(own, ofOwn));
        addBack(dKeys, branch, gradients.dK());
        addBack(dValues, branch, gradients.dV());
      }
    }
  }

  private static AttentionTensors withKeys(AttentionTensors of, Tensor keys, Tensor values) {
    return new AttentionTensors(of.q(), keys, values, of.y(), of.logSumExp());
  }

  private static int start(Branch branch) {
    return branch.runs().get(0).start();
  }

  private void forTiles(Branch branch, int firstKey, Consumer<Tile> operation) {
    for (int from = 0; from < branch.queries(); from += QUERIES) {
      Branch part = branch.part(from, Math.min(branch.queries(), from + QUERIES));
      Tile tile = new Tile(firstKey + branch.first(from), part);
      Nd4jScratch.run(() -> operation.accept(tile));
    }
  }

  private Tensor zeros(Branch branch) {
    return Nd4jTensor.allocate(DType.FLOAT32, branch.keys(), heads.keyValueWidth());
  }

  private Tensor gathered(Tensor x, Branch branch) {
    return Tensor.closedOnFailure(
        zeros(branch),
        y ->
            Nd4jScratch.run(
                () ->
                    branch.forEachRun(
                        (start, count, key) -> rows(y, key, count).assign(rows(x, start, count)))));
  }

  private void addBack(Tensor gathered, Branch branch, Tensor x) {
    Nd4jScratch.run(
        () ->
            branch.forEachRun(
                (start, count, key) -> rows(x, start, count).addi(rows(gathered, key, count))));
  }

  private INDArray rows(Tensor x, int start, int count) {
    long width = heads.keyValueWidth();
    return Nd4jTensor.of(x).arrayFrom(start * width, count, width);
  }

  /** {@code c = a·b + beta·c} of each batch member. */
  private static void multiply(
      INDArray a, INDArray b, INDArray c, double beta, MMulTranspose transposed) {
    Nd4j.exec(new Mmul(a, b, c, 1, beta, transposed));
  }

  /** The t queries of a part, and the s keys that any of them sees, from row {@code start} on. */
  private final class Tile {
    private final int start;
    private final Branch part;
    private final int s;
    private final int t;

    Tile(int start, Branch part) {
      this.start = start;
      this.part = part;
      this.s = part.keys();
      this.t = part.queries();
    }

    void forward(AttentionTensors of) {
      INDArray scores = scores(of);
      INDArray top = scores.max(true, 2);
      Transforms.exp(scores.subi(top), false);
      INDArray sum = scores.sum(true, 2);
      INDArray out = empty(heads.size());
      multiply(scores, keys(of.v()), out, 0, PLAIN);
      queries(of.y()).assign(byHead(out.divi(sum)));
      sums(of.logSumExp()).assign(byHead(Transforms.log(sum, false).addi(top)));
    }

    void backward(AttentionTensors of, Gradients gradients) {
      INDArray p = scores(of);
      Transforms.exp(p.subi(grouped(sums(of.logSumExp()))), false);
      INDArray dOut = grouped(queries(gradients.dY()));
      multiply(p, dOut, keys(gradients.dV()), 1, FIRST);
      INDArray dScores = Nd4j.createUninitialized(DataType.FLOAT, p.shape());
      multiply(dOut, keys(of.v()), dScores, 0, SECOND);
      INDArray centre = dOut.mul(grouped(queries(of.y()))).sum(true, 2);
      dScores.subi(centre).muli(p).muli(scale);
      INDArray dQueries = empty(heads.size());
      multiply(dScores, keys(of.k()), dQueries, 0, PLAIN);
      queries(gradients.dQ()).addi(byHead(dQueries));
      multiply(dScores, grouped(queries(of.q())), keys(gradients.dK()), 1, FIRST);
    }

    /** The tile's queries in q, y or their gradients, {@code (H, t, D)}, in place. */
    private INDArray queries(Tensor x) {
      return rows(x, part.firstQuery(), t, heads.query(), heads.size());
    }

    /** The tile's queries in logSumExp, {@code (H, t, 1)}, in place. */
    private INDArray sums(Tensor logSumExp) {
      return rows(logSumExp, part.firstQuery(), t, heads.query(), 1);
    }

    /** The tile's keys in k, v or their gradients, {@code (K, s, D)}, in place. */
    private INDArray keys(Tensor x) {
      return rows(x, start, s, heads.keyValue(), heads.size());
    }

    private static INDArray rows(Tensor x, long first, int rows, int heads, int size) {
      return Nd4jTensor.of(x).arrayFrom(first * heads * size, rows, heads, size).permute(1, 0, 2);
    }

    /** {@code (H, t, columns)} copied to {@code (K, G·t, columns)}. */
    private INDArray grouped(INDArray byHead) {
      int group = heads.query() / heads.keyValue();
      return byHead.dup('c').reshape('c', heads.keyValue(), (long) group * t, byHead.size(2));
    }

    /** {@code (K, G·t, columns)} seen as {@code (H, t, columns)}. */
    private INDArray byHead(INDArray grouped) {
      return grouped.reshape('c', heads.query(), t, grouped.size(2));
    }

    private INDArray empty(long columns) {
      int group = heads.query() / heads.keyValue();
      return Nd4j.createUninitialized(DataType.FLOAT, heads.keyValue(), (long) group * t, columns);
    }

    /** {@code scale·q·kᵀ} with unseen tokens masked, {@code (K, G·t, s)}. */
    private INDArray scores(AttentionTensors of) {
      INDArray scores = empty(s);
      multiply(grouped(queries(of.q())).muli(scale), keys(of.k()), scores, 0, SECOND);
      if (t > 1) {
        byHead(scores)
            .get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(s - t, s))
            .addi(masked(ahead(t).gt(0)));
      }
      if (s > part.window()) {
        byHead(scores).addi(masked(ahead(s).lte(-part.window())));
      }
      return scores;
    }

    /** Number of each of the last {@code keys} keys less each query's, {@code (1, t, keys)}. */
    private INDArray ahead(int keys) {
      INDArray key = Nd4j.arange(t - keys, t).castTo(DataType.FLOAT);
      return key.reshape(1, 1, keys).sub(Nd4j.arange(t).castTo(DataType.FLOAT).reshape(1, t, 1));
    }

    private static INDArray masked(INDArray unseen) {
      return unseen.castTo(DataType.FLOAT).muli(MASKED);
    }
  }
}
