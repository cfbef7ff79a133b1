package org.sparklora.model.engine.vector;

import java.util.Arrays;
import java.util.List;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Tensor;

/**
 * Draws tokens, of {@link VectorKernels}. A row of logits is read from memory once; one pass finds
 * its largest, and whether all are finite, the next one the exponentials, whose sums by blocks lead
 * to the block that a token is drawn from.
 */
final class VectorSampling {
  /** Probabilities summed in float; a multiple of every vector length. */
  private static final int BLOCK = 1024;

  /**
   * How far below the largest logit, in units of temperature, the first search for the likeliest
   * tokens goes.
   */
  private static final float FIRST_DEPTH = 8;

  /** Finite, and below what can be drawn. */
  private static final float PADDING = -Float.MAX_VALUE;

  private VectorSampling() {}

  static Draws sample(
      WorkerPool pool, Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    Draws draws = Draws.ofRows(uniforms.length);
    int columns = logits.columns();
    pool.forEach(
        uniforms.length,
        (m, own) -> {
          float[] z = own.load(0, logits, (long) m * columns, columns, PADDING);
          Row row = new Row(z, columns, own);
          row.exponentiate(rule.scoringTemperature());
          double logSum = row.logSum();
          Row scores = row;
          if (rule.hasPenalty()) {
            scores = new Row(penalised(z, rule, seen.get(m), own), columns, own);
            scores.exponentiate(rule.scoringTemperature());
          }
          if (!scores.finite) {
            draws.tokens()[m] = Draws.NOT_FINITE;
            return;
          }
          int token = rule.isGreedy() ? scores.likeliest() : scores.draw(rule, uniforms[m]);
          double temperature = rule.scoringTemperature();
          draws.tokens()[m] = token;
          draws.logProbs()[m] = (float) (z[token] / temperature - row.top / temperature - logSum);
        });
    return draws;
  }

  private static float[] penalised(float[] z, SamplingRule rule, int[] seen, Scratch own) {
    float[] scores = own.row(1, z.length);
    System.arraycopy(z, 0, scores, 0, z.length);
    for (int token : seen) {
      scores[token] = rule.penalised(z[token]); // once, however often it was seen
    }
    return scores;
  }

  /** The logits that a token is drawn from. */
  private static final class Row {
    private final float[] z;
    private final int columns;
    private final float[] e; // e^((z − top) / temperature); 0 for what cannot be drawn
    private final double[] sums; // of blocks of e
    private final Scratch own;
    private final float top;
    private final boolean finite;

    Row(float[] z, int columns, Scratch own) {
      this.z = z;
      this.columns = columns;
      this.own = own;
      this.e = own.row(2, columns);
      this.sums = new double[(columns + BLOCK - 1) / BLOCK];
      FloatVector largest = VectorMath.broadcast(PADDING);
      FloatVector zero = VectorMath.broadcast(0);
      for (int i = 0; i < columns; i += VectorMath.LANES) {
        FloatVector logit = VectorMath.at(z, i);
        largest = largest.max(logit);
        zero = logit.fma(VectorMath.broadcast(0), zero); // NaN for what is not finite
      }
      this.top = largest.reduceLanes(VectorOperators.MAX);
      this.finite = zero.reduceLanes(VectorOperators.ADD) == 0;
    }

    void exponentiate(float temperature) {
      float inverse = 1 / temperature;
      for (int b = 0; b < sums.length; b++) {
        FloatVector sum = VectorMath.broadcast(0);
        int to = Math.min(columns, (b + 1) * BLOCK);
        for (int i = b * BLOCK; i < to; i += VectorMath.LANES) {
          FloatVector logit = VectorMath.at(z, i);
          FloatVector exp =
              VectorMath.broadcast(0)
                  .blend(
                      VectorMath.exp(logit.sub(top).mul(inverse)),
                      logit.compare(VectorOperators.GT, PADDING));
          exp.intoArray(e, i);
          sum = sum.add(exp);
        }
        sums[b] = sum.reduceLanes(VectorOperators.ADD);
      }
    }

    double logSum() {
      double total = 0;
      for (double sum : sums) {
        total += sum;
      }
      return Math.log(total);
    }

    int likeliest() {
      int token = 0;
      while (z[token] != top) {
        token++;
      }
      return token;
    }

    int draw(SamplingRule rule, double uniform) {
      float floor = Float.NEGATIVE_INFINITY;
      if (rule.topK() > 0 && rule.topK() < columns) {
        floor = topK(rule);
        drop(floor);
      }
      if (rule.topP() < 1) {
        floor = topP(rule, floor);
        drop(floor);
      }
      if (rule.minP() > 0) {
        drop(top + rule.temperature() * (float) Math.log(rule.minP()));
      }
      return find(uniform * Arrays.stream(sums).sum());
    }

    /** What lies below the floor cannot be drawn. */
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
    private float topK(SamplingRule rule) {
      float[] candidates = own.row(3, columns);
      int count = 0;
      for (float depth = FIRST_DEPTH; count < rule.topK(); depth *= 2) {
        count = sortedFrom(top - depth * rule.temperature(), candidates);
      }
      return candidates[count - rule.topK()];
    }

    /**
     * The logit of the last token, from the likeliest down, before which the probabilities sum to
     * less than top-p. Sums are exact, of the exponentials as they are: in float, those of the
     * likeliest would not fit that of all.
     */
    private float topP(SamplingRule rule, float floor) {
      double total = 0;
      for (int i = 0; i < columns; i++) {
        total += e[i];
      }
      float[] candidates = own.row(3, columns);
      float[] weights = own.row(4, columns);
      for (float depth = FIRST_DEPTH; ; depth *= 2) {
        float from = Math.max(floor, top - depth * rule.temperature());
        int count = sortedFrom(from, candidates);
        for (int i = 0; i < count; i += VectorMath.LANES) {
          FloatVector logit = VectorMath.at(candidates, i);
          VectorMath.exp(logit.sub(top).mul(1 / rule.temperature())).intoArray(weights, i);
        }
        double sum = 0;
        for (int i = count - 1; i >= 0; i--) {
          sum += weights[i];
          if (sum >= rule.topP() * total) {
            return candidates[i];
          }
        }
        if (from == floor || count == columns) { // rounding kept the sum from reaching it
          return candidates[0];
        }
      }
    }

    /** Writes the logits that are at least {@code from}, ascending; returns how many they are. */
    private int sortedFrom(float from, float[] found) {
      int count = 0;
      for (int i = 0; i < columns; i += VectorMath.LANES) {
        if (VectorMath.at(z, i).compare(VectorOperators.GE, from).anyTrue()) {
          for (int j = i; j < Math.min(columns, i + VectorMath.LANES); j++) {
            if (z[j] >= from) {
              found[count++] = z[j];
            }
          }
        }
      }
      Arrays.sort(found, 0, count);
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
