package org.sparklora.model.engine.reference;

import java.util.List;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Tensor;

/** Attention over branches of {@link ReferenceKernels}: one query at a time. */
final class ReferenceBranchAttention {
  private ReferenceBranchAttention() {}

  /** {@code s = scale·q·k, p = exp(s − logSumExp), y = Σ p·v} over the keys a query sees. */
  static void forward(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
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
      Heads heads,
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

  /**
   * With p as in {@link #forward}: {@code dV += p·dY, dS = p·(dY·v − dY·y), dQ += scale·dS·k, dK +=
   * scale·dS·q}.
   */
  static void backward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor y,
      Tensor logSumExp,
      Tensor dY,
      Heads heads,
      List<Branch> branches,
      float scale,
      Tensor dQ,
      Tensor dK,
      Tensor dV) {
    int size = heads.size();
    double[] dQueries = widened(dQ);
    double[] dKeys = widened(dK);
    double[] dValues = widened(dV);
    for (Branch branch : branches) {
      for (int i = 0; i < branch.queries(); i++) {
        for (int h = 0; h < heads.query(); h++) {
          long row = (long) (branch.firstQuery() + i) * heads.query() + h;
          int kv = h * heads.keyValue() / heads.query();
          float[] query = read(q, row, size);
          float[] dOut = read(dY, row, size);
          double centre = dot(dOut, read(y, row, size));
          float[] lse = new float[1];
          logSumExp.read(row, lse, 0, 1);
          for (int s = 0; s < branch.visible(i); s++) {
            long keyRow = keyRow(branch, s) * heads.keyValue() + kv;
            float[] key = read(k, keyRow, size);
            double p = Math.exp(scale * dot(query, key) - lse[0]);
            double dS = p * (dot(dOut, read(v, keyRow, size)) - centre);
            for (int d = 0; d < size; d++) {
              dValues[(int) keyRow * size + d] += p * dOut[d];
              dQueries[(int) row * size + d] += scale * dS * key[d];
              dKeys[(int) keyRow * size + d] += scale * dS * query[d];
            }
          }
        }
      }
    }
    store(dQueries, dQ);
    store(dKeys, dK);
    store(dValues, dV);
  }

  private static double[] widened(Tensor tensor) {
    float[] values = tensor.toArray();
    double[] widened = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      widened[i] = values[i];
    }
    return widened;
  }

  private static void store(double[] values, Tensor tensor) {
    float[] narrowed = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      narrowed[i] = (float) values[i];
    }
    tensor.write(0, narrowed, 0, narrowed.length);
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int d = 0; d < a.length; d++) {
      sum += (double) a[d] * b[d];
    }
    return sum;
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
