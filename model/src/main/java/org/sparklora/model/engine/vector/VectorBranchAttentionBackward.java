package org.sparklora.model.engine.vector;

import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;
import org.sparklora.model.engine.vector.VectorAttentionBackward.Call;

/**
 * Attention over branches of {@link VectorKernels}, backward: the formulas of {@link
 * VectorAttentionBackward}, with a gemm for the prefix's keys and one for the branch's own.
 *
 * <p>A task is one key/value head of all branches that share a root, so that no two tasks add to
 * one row of dK; their sums run in the order of the branches.
 */
final class VectorBranchAttentionBackward {
  private VectorBranchAttentionBackward() {}

  static void run(WorkerPool pool, Call call, List<Branch> branches) {
    List<List<Branch>> families =
        branches.stream().collect(Collectors.groupingBy(Branch::rootStart)).values().stream()
            .sorted(Comparator.comparingLong(VectorBranchAttentionBackward::work).reversed())
            .toList();
    Heads heads = call.heads();
    int group = heads.query() / heads.keyValue();
    pool.forEach(
        families.size() * heads.keyValue(),
        (task, own) -> {
          int kv = task % heads.keyValue();
          for (Branch branch : families.get(task / heads.keyValue())) {
            for (int from = 0; from < branch.queries(); from += VectorAttention.TILE) {
              int to = Math.min(branch.queries(), from + VectorAttention.TILE);
              for (int h = kv * group; h < (kv + 1) * group; h++) {
                new Tile(call, branch.part(from, to), kv, h, own).run();
              }
            }
          }
        });
  }

  private static long work(List<Branch> family) {
    return family.stream()
        .mapToLong(branch -> (long) branch.queries() * branch.visible(branch.queries()))
        .sum();
  }

  /** Some queries of a branch with head h, which reads key/value head kv. */
  private record Tile(Call call, Branch branch, int kv, int h, Scratch own) {

    /** The keys from {@code start} on, whose scores begin at {@code column}. */
    private record Keys(int start, int count, int column) {}

    void run() {
      long stride = (keys() + 15) / 16 * 16 + 16; // not a power of two: rows would share cache sets
      HostTensor scores = own.matrix(0, branch.queries() * stride);
      HostTensor dScores = own.matrix(1, branch.queries() * stride);
      Matrix p = new Matrix(scores.address(), stride);
      Matrix dS = new Matrix(dScores.address(), stride);
      Keys prefix = new Keys(branch.prefixStart(), branch.prefixLength(), 0);
      Keys last = new Keys(branch.ownStart(), branch.ownKeys(), branch.prefixLength());
      score(prefix, p, dS);
      score(last, p, dS);
      softmaxBackward(scores, dScores, stride);
      addGradients(prefix, p, dS);
      addGradients(last, p, dS);
    }

    private int keys() {
      return branch.prefixLength() + branch.ownKeys();
    }

    private Matrix query(HostTensor x) {
      return VectorAttention.of(x, call.heads().query(), call.heads(), branch.firstQuery(), h);
    }

    private Matrix key(HostTensor x, Keys keys) {
      return VectorAttention.of(x, call.heads().keyValue(), call.heads(), keys.start, kv);
    }

    private void score(Keys keys, Matrix p, Matrix dS) {
      int rows = branch.queries();
      int size = call.heads().size();
      Gemm.timesTransposed(
          own,
          rows,
          keys.count,
          size,
          call.scale(),
          query(call.q()),
          key(call.k(), keys),
          0,
          p.at(0, keys.column));
      Gemm.timesTransposed(
          own,
          rows,
          keys.count,
          size,
          1,
          query(call.dY()),
          key(call.v(), keys),
          0,
          dS.at(0, keys.column));
    }

    private void addGradients(Keys keys, Matrix p, Matrix dS) {
      int rows = branch.queries();
      int size = call.heads().size();
      Matrix pPart = p.at(0, keys.column);
      Matrix dSPart = dS.at(0, keys.column);
      Matrix dK = key(call.dK(), keys);
      Matrix dV = key(call.dV(), keys);
      if (keys.count == 0) {
        return; // gemm would be asked to sum over nothing
      }
      Gemm.transposedTimes(own, keys.count, size, rows, 1, pPart, query(call.dY()), 1, dV);
      Gemm.times(
          own,
          rows,
          size,
          keys.count,
          call.scale(),
          dSPart,
          key(call.k(), keys),
          1,
          query(call.dQ()));
      Gemm.transposedTimes(
          own, keys.count, size, rows, call.scale(), dSPart, query(call.q()), 1, dK);
    }

    /** Turns scores into probabilities, and the gradient of those into the gradient of scores. */
    private void softmaxBackward(HostTensor scores, HostTensor dScores, long stride) {
      int size = call.heads().size();
      float[] lse = new float[1];
      own.row(0, keys());
      own.row(1, keys());
      for (int r = 0; r < branch.queries(); r++) {
        long head = (long) (branch.firstQuery() + r) * call.heads().query() + h;
        float[] dY = own.load(2, call.dY(), head * size, size);
        float centre = VectorMath.dot(dY, own.load(3, call.y(), head * size, size), size);
        call.logSumExp().read(head, lse, 0, 1);
        int visible = branch.visible(r);
        long offset = r * stride;
        float[] p = own.load(0, scores, offset, visible);
        float[] dS = own.load(1, dScores, offset, visible);
        VectorAttentionBackward.softmaxBackward(p, dS, lse[0], centre, visible);
        VectorAttention.storeMasked(p, visible, scores, offset, keys());
        VectorAttention.storeMasked(dS, visible, dScores, offset, keys());
      }
    }
  }
}
