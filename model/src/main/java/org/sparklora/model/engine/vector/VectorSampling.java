package org.sparklora.model.engine.vector;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Draws tokens for {@link VectorKernels}. A row of logits is read from memory once. The first pass
 * finds the largest logit, and whether all are finite; the second computes exponentials and their
 * sums by blocks, by which the block of the drawn token is found.
 */
interface VectorSampling extends VectorElementwise {
  /** Groups of logits by distance from the largest; the last has all greater distances. */
  int GROUPS = 1024;

  /** Groups per unit of temperature, a factor of e between probabilities. */
  int GROUPS_IN_UNIT = 16;

  /** The padding of logits: finite, and so low that its exponential does not change a sum ≥ 1. */
  float PADDING = -Float.MAX_VALUE;

  @Override
  default Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    WorkerPool pool = pool();
    Draws draws = Draws.ofRows(uniforms.length);
    int columns = logits.columns();
    pool.forEach(
        uniforms.length,
        (m, own) -> {
          float[] z = own.load(0, logits, (long) m * columns, columns, PADDING);
          float temperature = rule.scoringTemperature();
          Row row = new Row(z, columns, temperature, own);
          double logSum = Math.log(Row.sum(row.sums, row.sums.length));
          Row scores = row;
          if (rule.hasPenalty()) {
            scores = new Row(penalised(z, rule, seen.get(m), own), columns, temperature, own);
          }
          if (!scores.finite) {
            draws.tokens()[m] = Draws.NOT_FINITE;
            return;
          }
          int token = rule.isGreedy() ? scores.likeliest() : scores.draw(rule, uniforms[m]);
          double top = (double) row.top / temperature;
          draws.tokens()[m] = token;
          draws.logProbs()[m] = (float) ((double) z[token] / temperature - top - logSum);
        });
    return draws;
  }

  private static float[] penalised(float[] z, SamplingRule rule, int[] seen, Scratch own) {
    float[] scores = own.row(1, z.length);
    System.arraycopy(z, 0, scores, 0, z.length);
    for (int token : seen) {
      scores[token] = rule.penalised(z[token]); // once per token, however often it was seen
    }
    return scores;
  }

  /** The logits that a token is drawn from. */
  final class Row {
    private final float[] z;
    private final int columns;
    private final float[] e; // e^((z − top) / temperature); 0 if it cannot be drawn
    private final double[] sums; // of each block of e
    private final Scratch own;
    private final float inverse; // 1 / temperature
    private final float top;
    private final boolean finite;

    Row(float[] z, int columns, float temperature, Scratch own) {
      this.z = z;
      this.columns = columns;
      this.own = own;
      this.inverse = 1 / temperature;
      this.e = own.row(2, columns);
      this.sums = new double[(columns + BLOCK - 1) / BLOCK];
      FloatVector largest = VectorMath.broadcast(PADDING);
      FloatVector zero = VectorMath.broadcast(0);
      for (int i = 0; i < columns; i += VectorMath.LANES) {
        FloatVector logit = VectorMath.at(z, i);
        largest = largest.max(logit);
        zero = logit.fma(VectorMath.broadcast(0), zero); // x·0 is NaN unless x is finite
      }
      this.top = largest.reduceLanes(VectorOperators.MAX);
      this.finite = zero.reduceLanes(VectorOperators.ADD) == 0;
      exponentiate();
    }

    private void exponentiate() {
      for (int b = 0; b < sums.length; b++) {
        FloatVector sum = VectorMath.broadcast(0);
        int to = Math.min(columns, (b + 1) * BLOCK);
        for (int i = b * BLOCK; i < to; i += VectorMath.LANES) {
          FloatVector exp = VectorMath.exp(VectorMath.at(z, i).sub(top).mul(inverse));
          exp.intoArray(e, i);
          sum = sum.add(exp);
        }
        sums[b] = sum.reduceLanes(VectorOperators.ADD);
      }
    }

    int likeliest() {
      int token = 0;
      while (z[token] != top) {
        token++;
      }
      return token;
    }

    int draw(SamplingRule rule, double uniform) {
      if (rule.topK() > 0 && rule.topK() < columns) {
        drop(topK(rule.topK()));
      }
      if (rule.topP() < 1) {
        drop(topP(rule.topP()));
      }
      if (rule.minP() > 0) {
        drop(top + rule.temperature() * (float) Math.log(rule.minP()));
      }
      return find(uniform * Arrays.stream(sums).sum());
    }

    /** Excludes tokens whose logit is below {@code floor}. */
    private void drop(float floor) {
      for (int b = 0; b < sums.length; b++) {
        FloatVector sum = VectorMath.broadcast(0);
        int to = Math.min(columns, (b + 1) * BLOCK);
        for (int i = b * BLOCK; i < to; i += VectorMath.LANES) {
          FloatVector kept =
              VectorMath.at(e, i).blend(0, VectorMath.at(z, i).compare(VectorOperators.LT, floor));
          kept.intoArray(e, i);
          sum = sum.add(kept);
        }
        sums[b] = sum.reduceLanes(VectorOperators.ADD);
      }
    }

    /** The k-th largest logit. */
    private float topK(int k) {
      double[] counts = new double[GROUPS];
      for (int i = 0; i < columns; i++) {
        counts[group(i)]++;
      }
      int group = groupOf(k, counts);
      float[] members = own.row(3, columns);
      int count = members(group, members);
      return members[count - (k - (int) sum(counts, group))];
    }

    /**
     * The logit of the last token, from the likeliest down, before which the probabilities sum to
     * less than top-p. Sums are double: float sums in another order would not fit the total.
     */
    private float topP(float topP) {
      double[] masses = new double[GROUPS];
      for (int i = 0; i < columns; i++) {
        masses[group(i)] += e[i];
      }
      double enough = topP * sum(masses, GROUPS);
      int group = groupOf(enough, masses);
      float[] members = own.row(3, columns);
      float[] weights = own.row(4, columns);
      int count = members(group, members);
      for (int i = 0; i < count; i += VectorMath.LANES) {
        VectorMath.exp(VectorMath.at(members, i).sub(top).mul(inverse)).intoArray(weights, i);
      }
      double sum = sum(masses, group);
      for (int i = count - 1; i >= 0; i--) {
        sum += weights[i];
        if (sum >= enough) {
          return members[i];
        }
      }
      return count == 0 ? PADDING : members[0]; // rounding kept the sum below enough
    }

    /** The group of logit i, by distance from the largest; equal logits share a group. */
    private int group(int i) {
      return Math.min(GROUPS - 1, (int) ((top - z[i]) * (GROUPS_IN_UNIT * inverse)));
    }

    /** The first group at which the sum over all groups up to it reaches {@code enough}. */
    private static int groupOf(double enough, double[] groups) {
      int group = 0;
      for (double sum = groups[0]; sum < enough && group < GROUPS - 1; sum += groups[group]) {
        group++;
      }
      return group;
    }

    private static double sum(double[] groups, int to) {
      double sum = 0;
      for (int group = 0; group < to; group++) {
        sum += groups[group];
      }
      return sum;
    }

    /** Writes a group's logits that can be drawn, ascending; returns their number. */
    private int members(int group, float[] members) {
      int count = 0;
      for (int i = 0; i < columns; i++) {
        if (group(i) == group && e[i] > 0) {
          members[count++] = z[i];
        }
      }
      Arrays.sort(members, 0, count);
      return count;
    }

    /** The first token at which the sum of {@code e} exceeds {@code target}. */
    private int find(double target) {
      double before = 0;
      int last = 0; // the last token that can be drawn: rounding may leave target above all sums
      for (int b = 0; b < sums.length; b++) {
        if (before + sums[b] > target) {
          double sum = before;
          for (int i = b * BLOCK; i < Math.min(columns, (b + 1) * BLOCK); i++) {
            sum += e[i];
            last = e[i] > 0 ? i : last;
            if (sum > target) {
              return i;
            }
          }
          return last;
        }
        before += sums[b];
      }
      for (int i = 0; i < columns; i++) {
        last = e[i] > 0 ? i : last;
      }
      return last;
    }
  }
}
