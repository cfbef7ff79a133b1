package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.engine.nd4j.Nd4jAttention.Inputs;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Runs {@link Nd4jAttention} over branches. It needs consecutive keys, so the keys of a branch that
 * has several runs are copied next to each other.
 */
final class Nd4jBranchAttention {
  private final Kernels kernels;
  private final Heads heads;
  private final Iterable<Branch> branches;
  private final Nd4jAttention attention;

  Nd4jBranchAttention(Kernels kernels, Heads heads, Iterable<Branch> branches, float scale) {
    this.kernels = kernels;
    this.heads = heads;
    this.branches = branches;
    this.attention = new Nd4jAttention(heads, scale);
  }

  void forward(Nd4jTensor q, Nd4jTensor k, Nd4jTensor v, Nd4jTensor y, Nd4jTensor logSumExp) {
    for (Branch branch : branches) {
      if (branch.isOneRun()) {
        forTiles(branch, start(branch), tile -> attention.forward(tile, q, k, v, y, logSumExp));
        continue;
      }
      try (Nd4jTensor keys = gathered(k, branch);
          Nd4jTensor values = gathered(v, branch)) {
        forTiles(branch, 0, tile -> attention.forward(tile, q, keys, values, y, logSumExp));
      }
    }
  }

  /** Sums the gradients of several runs of keys in a copy, then adds them to the keys' rows. */
  void backward(Inputs in, Nd4jTensor dQ, Nd4jTensor dK, Nd4jTensor dV) {
    for (Branch branch : branches) {
      if (branch.isOneRun()) {
        forTiles(branch, start(branch), tile -> attention.backward(tile, in, dQ, dK, dV));
        continue;
      }
      try (Nd4jTensor keys = gathered(in.k(), branch);
          Nd4jTensor values = gathered(in.v(), branch);
          Nd4jTensor dKeys = zeros(branch);
          Nd4jTensor dValues = zeros(branch)) {
        Inputs own = new Inputs(in.q(), keys, values, in.y(), in.logSumExp(), in.dY());
        forTiles(branch, 0, tile -> attention.backward(tile, own, dQ, dKeys, dValues));
        addBack(dKeys, branch, dK);
        addBack(dValues, branch, dV);
      }
    }
  }

  private static int start(Branch branch) {
    return branch.runs().get(0).start();
  }

  private interface TileOperation {
    void run(Nd4jAttention.Tile tile);
  }

  private void forTiles(Branch branch, int firstKey, TileOperation operation) {
    for (int from = 0; from < branch.queries(); from += Nd4jAttention.QUERIES) {
      Branch part = branch.part(from, Math.min(branch.queries(), from + Nd4jAttention.QUERIES));
      Nd4jAttention.Tile tile = attention.new Tile(firstKey + branch.first(from), part);
      Nd4jScratch.run(() -> operation.run(tile));
    }
  }

  private long width() {
    return (long) heads.keyValue() * heads.size();
  }

  private Nd4jTensor zeros(Branch branch) {
    return (Nd4jTensor) kernels.allocate(DType.FLOAT32, branch.keys(), width());
  }

  private Nd4jTensor gathered(Nd4jTensor x, Branch branch) {
    return Tensor.closedOnFailure(
        zeros(branch),
        y ->
            Nd4jScratch.run(
                () ->
                    branch.forEachRun(
                        (start, count, key) -> rows(y, key, count).assign(rows(x, start, count)))));
  }

  private void addBack(Nd4jTensor gathered, Branch branch, Nd4jTensor x) {
    Nd4jScratch.run(
        () ->
            branch.forEachRun(
                (start, count, key) -> rows(x, start, count).addi(rows(gathered, key, count))));
  }

  private INDArray rows(Nd4jTensor x, int start, int count) {
    return x.arrayFrom(start * width(), count, width());
  }
}
