package org.sparklora.engine.nd4j;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.engine.nd4j.Nd4jAttention.Inputs;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.Segments;

/**
 * Attention over branches of {@link Nd4jKernels}: the keys that a branch sees are copied one after
 * the other, and {@link Nd4jAttention} runs on the copy.
 */
final class Nd4jBranchAttention {
  private final Kernels kernels;
  private final Heads heads;
  private final List<Branch> branches;
  private final Nd4jAttention attention;

  Nd4jBranchAttention(Kernels kernels, Heads heads, List<Branch> branches, float scale) {
    this.kernels = kernels;
    this.heads = heads;
    this.branches = branches;
    this.attention = new Nd4jAttention(heads, Segments.ofLengths(), scale);
  }

  void forward(Nd4jTensor q, Nd4jTensor k, Nd4jTensor v, Nd4jTensor y, Nd4jTensor logSumExp) {
    for (Branch branch : branches) {
      try (Nd4jTensor keys = gathered(k, branch);
          Nd4jTensor values = gathered(v, branch)) {
        forTiles(branch, tile -> attention.forward(tile, q, keys, values, y, logSumExp));
      }
    }
  }

  /** Sums the gradients of a branch's keys beside them, then adds them where the keys are. */
  void backward(Inputs in, Nd4jTensor dQ, Nd4jTensor dK, Nd4jTensor dV) {
    for (Branch branch : branches) {
      try (Nd4jTensor keys = gathered(in.k(), branch);
          Nd4jTensor values = gathered(in.v(), branch);
          Nd4jTensor dKeys = zeros(branch);
          Nd4jTensor dValues = zeros(branch)) {
        Inputs own = new Inputs(in.q(), keys, values, in.y(), in.logSumExp(), in.dY());
        forTiles(branch, tile -> attention.backward(tile, own, dQ, dKeys, dValues));
        addBack(dKeys, branch, dK);
        addBack(dValues, branch, dV);
      }
    }
  }

  private interface TileOperation {
    void run(Nd4jAttention.Tile tile);
  }

  private void forTiles(Branch branch, TileOperation operation) {
    for (int from = 0; from < branch.queries(); from += Nd4jAttention.QUERIES) {
      Branch part = branch.part(from, Math.min(branch.queries(), from + Nd4jAttention.QUERIES));
      int seen = part.prefixLength() + part.ownKeys();
      Nd4jAttention.Tile tile = attention.new Tile(0, seen, part.firstQuery(), part.queries());
      Nd4jScratch.run(() -> operation.run(tile));
    }
  }

  private long width() {
    return (long) heads.keyValue() * heads.size();
  }

  private Nd4jTensor zeros(Branch branch) {
    return (Nd4jTensor)
        kernels.allocate(DType.FLOAT32, branch.prefixLength() + branch.ownKeys(), width());
  }

  private Nd4jTensor gathered(Nd4jTensor x, Branch branch) {
    Nd4jTensor gathered = zeros(branch);
    Nd4jScratch.run(
        () -> {
          if (branch.prefixLength() > 0) {
            prefix(gathered, 0, branch).assign(prefix(x, branch.prefixStart(), branch));
          }
          own(gathered, branch.prefixLength(), branch).assign(own(x, branch.ownStart(), branch));
        });
    return gathered;
  }

  private void addBack(Nd4jTensor gathered, Branch branch, Nd4jTensor x) {
    Nd4jScratch.run(
        () -> {
          if (branch.prefixLength() > 0) {
            prefix(x, branch.prefixStart(), branch).addi(prefix(gathered, 0, branch));
          }
          own(x, branch.ownStart(), branch).addi(own(gathered, branch.prefixLength(), branch));
        });
  }

  /** As many rows as the branch's prefix has, from row {@code start} on. */
  private INDArray prefix(Nd4jTensor x, int start, Branch branch) {
    return x.arrayFrom(start * width(), branch.prefixLength(), width());
  }

  private INDArray own(Nd4jTensor x, int start, Branch branch) {
    return x.arrayFrom(start * width(), branch.ownKeys(), width());
  }
}
