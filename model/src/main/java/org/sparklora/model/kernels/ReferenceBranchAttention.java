package org.sparklora.model.kernels;

import java.util.List;

/** Attention over branches of {@link ReferenceKernels}: one query at a time. */
final class ReferenceBranchAttention {
  private ReferenceBranchAttention() {}

  /** {@code s = scale·q·k, p = exp(s − logSumExp), y = Σ p·v} over the keys a query sees. */
  static void forward(
      Tensor q,
      Tensor k,
      Tensor v,
      Kernels.Heads heads,
      List<Branch> branches,
      float scale,
      Tensor y,
      Tensor logSumExp) {
    for (Branch branch : branches) {
      for (int i = 0; i < branch.queries(); i++) {
        for (int h = 0; h < heads.query(); h++) {
          query(q, k, v, heads, branch, i, h, scale, y, logSumExp);
        }
      }
    }
  }

  private static void query(
      Tensor q,
      Tensor k,
      Tensor v,
      Kernels.Heads heads,
      Branch branch,
      int i,
      int h,
      float scale,
      Tensor y,
      Tensor logSumExp) {
    int size = heads.size();
    int kv = h * heads.keyValue() / heads.query();
    long row = (long) (branch.firstQuery() + i) * heads.query() + h;
    float[] query = read(q, row, size);
    double[] scores = new double[branch.visible(i)];
    double largest = Double.NEGATIVE_INFINITY;
    for (int s = 0; s < scores.length; s++) {
      float[] key = read(k, keyRow(branch, s) * heads.keyValue() + kv, size);
      for (int d = 0; d < size; d++) {
        scores[s] += (double) scale * query[d] * key[d];
      }
      largest = Math.max(largest, scores[s]);
    }
    double denominator = 0;
    double[] sum = new double[size];
    for (int s = 0; s < scores.length; s++) {
      double e = Math.exp(scores[s] - largest);
      denominator += e;
      float[] value = read(v, keyRow(branch, s) * heads.keyValue() + kv, size);
      for (int d = 0; d < size; d++) {
        sum[d] += e * value[d];
      }
    }
    float[] out = new float[size];
    for (int d = 0; d < size; d++) {
      out[d] = (float) (sum[d] / denominator);
    }
    y.write(row * size, out, 0, size);
    logSumExp.write(row, new float[] {(float) (largest + Math.log(denominator))}, 0, 1);
  }

  /** The row of the s-th key that a branch sees. */
  private static long keyRow(Branch branch, int s) {
    return s < branch.prefixLength()
        ? branch.prefixStart() + s
        : branch.ownStart() + s - branch.prefixLength();
  }

  private static float[] read(Tensor tensor, long row, int size) {
    float[] values = new float[size];
    tensor.read(row * size, values, 0, size);
    return values;
  }
}
