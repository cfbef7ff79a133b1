package org.sparklora.model.engine.reference;

import java.util.Arrays;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.Tensor;

/** Attention of {@link ReferenceKernels}: one query at a time, as the formula is written. */
final class ReferenceAttention {
  private ReferenceAttention() {}

  /**
   * {@code s = scale·q·k, p = exp(s − logSumExp), y = Σ p·v} over the earlier tokens of the
   * segment.
   */
  static void forward(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      Segments segments,
      float scale,
      Tensor y,
      Tensor logSumExp) {
    float[] queries = q.toArray(); // (N, H, D)
    float[] keys = k.toArray(); // (N, K, D)
    float[] values = v.toArray(); // (N, K, D)
    float[] out = new float[queries.length]; // (N, H, D)
    float[] lse = new float[segments.tokens() * heads.query()]; // (N, H)
    int size = heads.size();
    double[] sum = new double[size];
    forEachQuery(
        heads,
        segments,
        (start, t, h, kv) -> {
          int query = (t * heads.query() + h) * size;
          double[] scores = new double[t - start + 1];
          double largest = Double.NEGATIVE_INFINITY;
          for (int s = start; s <= t; s++) {
            scores[s - start] =
                scale * dot(queries, query, keys, (s * heads.keyValue() + kv) * size, size);
            largest = Math.max(largest, scores[s - start]);
          }
          double denominator = 0;
          Arrays.fill(sum, 0);
          for (int s = start; s <= t; s++) {
            double e = Math.exp(scores[s - start] - largest);
            denominator += e;
            for (int d = 0; d < size; d++) {
              sum[d] += e * values[(s * heads.keyValue() + kv) * size + d];
            }
          }
          for (int d = 0; d < size; d++) {
            out[query + d] = (float) (sum[d] / denominator);
          }
          lse[t * heads.query() + h] = (float) (largest + Math.log(denominator));
        });
    y.write(0, out, 0, out.length);
    logSumExp.write(0, lse, 0, lse.length);
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
      Segments segments,
      float scale,
      Tensor dQ,
      Tensor dK,
      Tensor dV) {
    float[] queries = q.toArray(); // (N, H, D)
    float[] keys = k.toArray(); // (N, K, D)
    float[] values = v.toArray(); // (N, K, D)
    float[] out = y.toArray(); // (N, H, D)
    float[] lse = logSumExp.toArray(); // (N, H)
    float[] dOut = dY.toArray(); // (N, H, D)
    double[] dQueries = new double[queries.length];
    double[] dKeys = new double[keys.length];
    double[] dValues = new double[values.length];
    int size = heads.size();
    forEachQuery(
        heads,
        segments,
        (start, t, h, kv) -> {
          int query = (t * heads.query() + h) * size;
          double centre = dot(dOut, query, out, query, size);
          for (int s = start; s <= t; s++) {
            int key = (s * heads.keyValue() + kv) * size;
            double p =
                Math.exp(scale * dot(queries, query, keys, key, size) - lse[t * heads.query() + h]);
            double dS = p * (dot(dOut, query, values, key, size) - centre);
            for (int d = 0; d < size; d++) {
              dValues[key + d] += p * dOut[query + d];
              dQueries[query + d] += scale * dS * keys[key + d];
              dKeys[key + d] += scale * dS * queries[query + d];
            }
          }
        });
    add(dQueries, dQ);
    add(dKeys, dK);
    add(dValues, dV);
  }

  private interface QueryVisitor {
    /**
     * Token {@code t} of the segment that begins at {@code start}, query head h, key/value head kv.
     */
    void visit(int start, int t, int h, int kv);
  }

  private static void forEachQuery(Heads heads, Segments segments, QueryVisitor visitor) {
    for (int segment = 0; segment < segments.count(); segment++) {
      for (int t = segments.start(segment); t < segments.end(segment); t++) {
        for (int h = 0; h < heads.query(); h++) {
          visitor.visit(segments.start(segment), t, h, h * heads.keyValue() / heads.query());
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
