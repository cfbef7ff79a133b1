package org.sparklora.model.engine.reference;

import java.util.function.ObjIntConsumer;
import java.util.stream.IntStream;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.Tensor;

/** Attention of {@link ReferenceKernels}: one query at a time, as the formula is written. */
interface ReferenceAttention extends Kernels {

  /** {@code s = scale·q·k, p = exp(s − logSumExp), y = Σ p·v} over each query's visible keys. */
  @Override
  default void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    float[] queries = tensors.q().toArray(); // (N, H, D)
    float[] keys = tensors.k().toArray(); // (S, K, D)
    float[] values = tensors.v().toArray(); // (S, K, D)
    float[] out = tensors.y().toArray(); // (N, H, D)
    float[] lse = tensors.logSumExp().toArray(); // (N, H)
    int size = heads.size();
    forEachQuery(
        heads,
        mask,
        (seen, query) -> {
          double[] scores = new double[seen.length];
          double largest = Double.NEGATIVE_INFINITY;
          for (int s = 0; s < seen.length; s++) {
            scores[s] = scale * dot(queries, query * size, keys, seen[s] * size, size);
            largest = Math.max(largest, scores[s]);
          }
          double denominator = 0;
          double[] sum = new double[size];
          for (int s = 0; s < seen.length; s++) {
            double e = Math.exp(scores[s] - largest);
            denominator += e;
            for (int d = 0; d < size; d++) {
              sum[d] += e * values[seen[s] * size + d];
            }
          }
          for (int d = 0; d < size; d++) {
            out[query * size + d] = (float) (sum[d] / denominator);
          }
          lse[query] = (float) (largest + Math.log(denominator));
        });
    tensors.y().write(0, out, 0, out.length);
    tensors.logSumExp().write(0, lse, 0, lse.length);
  }

  /**
   * With p as in {@link #attention}: {@code dV += p·dY, dS = p·(dY·v − dY·y), dQ += scale·dS·k, dK
   * += scale·dS·q}.
   */
  @Override
  default void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale) {
    float[] queries = tensors.q().toArray(); // (N, H, D)
    float[] keys = tensors.k().toArray(); // (S, K, D)
    float[] values = tensors.v().toArray(); // (S, K, D)
    float[] out = tensors.y().toArray(); // (N, H, D)
    float[] lse = tensors.logSumExp().toArray(); // (N, H)
    float[] dOut = gradients.dY().toArray(); // (N, H, D)
    double[] dQueries = new double[queries.length];
    double[] dKeys = new double[keys.length];
    double[] dValues = new double[values.length];
    int size = heads.size();
    forEachQuery(
        heads,
        mask,
        (seen, number) -> {
          int query = number * size;
          double centre = dot(dOut, query, out, query, size);
          for (int row : seen) {
            int key = row * size;
            double p = Math.exp(scale * dot(queries, query, keys, key, size) - lse[number]);
            double dS = p * (dot(dOut, query, values, key, size) - centre);
            for (int d = 0; d < size; d++) {
              dValues[key + d] += p * dOut[query + d];
              dQueries[query + d] += scale * dS * keys[key + d];
              dKeys[key + d] += scale * dS * queries[query + d];
            }
          }
        });
    add(dQueries, gradients.dQ());
    add(dKeys, gradients.dK());
    add(dValues, gradients.dV());
  }

  /** Visits each query by its index in (N, H) with the indexes in (S, K) of its visible keys. */
  private static void forEachQuery(Heads heads, AttentionMask mask, ObjIntConsumer<int[]> visitor) {
    for (Branch branch : mask.branches()) {
      for (int i = 0; i < branch.queries(); i++) {
        for (int h = 0; h < heads.query(); h++) {
          int kv = h * heads.keyValue() / heads.query();
          int query = (branch.firstQuery() + i) * heads.query() + h;
          IntStream rows = IntStream.of(branch.part(i, i + 1).rows());
          visitor.accept(rows.map(row -> row * heads.keyValue() + kv).toArray(), query);
        }
      }
    }
  }

  private static double dot(float[] a, int aFrom, float[] b, int bFrom, int size) {
    double sum = 0;
    for (int d = 0; d < size; d++) {
      sum += (double) a[aFrom + d] * b[bFrom + d];
    }
    return sum;
  }

  private static void add(double[] gradient, Tensor target) {
    float[] total = target.toArray();
    for (int i = 0; i < total.length; i++) {
      total[i] += (float) gradient[i];
    }
    target.write(0, total, 0, total.length);
  }
}
