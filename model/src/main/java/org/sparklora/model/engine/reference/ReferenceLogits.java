package org.sparklora.model.engine.reference;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/** Log-probabilities and draws of {@link ReferenceKernels}, one row of logits at a time. */
interface ReferenceLogits extends Kernels {

  /** {@code z = logits / temperature, logSumExp = ln Σ e^z, logProb = z[target] − logSumExp}. */
  @Override
  default void tokenLogProbs(Tensor logits, Indices labels, float temperature, TokenScores y) {
    int[] targets = labels.toArray();
    float[] z = new float[logits.columns()];
    for (int m = 0; m < targets.length; m++) {
      logits.read((long) m * z.length, z, 0, z.length);
      int best = likeliest(z);
      double sum = 0; // Σ exp(z − max)
      double weighted = 0; // Σ exp(z − max) · (z − max)
      for (float logit : z) {
        double shifted = (double) (logit - z[best]) / temperature;
        double e = Math.exp(shifted);
        sum += e;
        weighted += e == 0 ? 0 : e * shifted;
      }
      double top = (double) z[best] / temperature;
      ((HostIndices) y.argmax()).set(m, best);
      put(top + Math.log(sum), y.logSumExp(), m);
      put((double) z[targets[m]] / temperature - top - Math.log(sum), y.logProbs(), m);
      put(Math.log(sum) - weighted / sum, y.entropies(), m);
    }
  }

  private static void put(double value, Tensor y, int m) {
    y.write(m, new float[] {(float) value}, 0, 1);
  }

  /** {@code dLogits = dLogProb · (onehot(target) − e^(z − logSumExp)) / temperature}. */
  @Override
  default void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices labels, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    int[] targets = labels.toArray();
    float[] sums = logSumExp.toArray();
    float[] dOut = dLogProbs.toArray();
    float[] z = new float[logits.columns()];
    for (int m = 0; m < targets.length; m++) {
      logits.read((long) m * z.length, z, 0, z.length);
      double scale = (double) dOut[m] / temperature;
      for (int i = 0; i < z.length; i++) {
        double probability = Math.exp((double) z[i] / temperature - sums[m]);
        z[i] = (float) (scale * ((i == targets[m] ? 1 : 0) - probability));
      }
      logits.write((long) m * z.length, z, 0, z.length);
    }
  }

  /**
   * Top-k, top-p and min-p all keep the likeliest tokens, so together they amount to one number:
   * the smallest logit that can be drawn.
   */
  @Override
  default Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    Draws draws = Draws.ofRows(uniforms.length);
    float[] row = new float[logits.columns()];
    for (int m = 0; m < uniforms.length; m++) {
      logits.read((long) m * row.length, row, 0, row.length);
      float[] scores = rule.hasPenalty() ? penalised(row, rule, seen.get(m)) : row;
      if (!isFinite(scores)) {
        draws.tokens()[m] = Draws.NOT_FINITE;
        continue;
      }
      int token = rule.isGreedy() ? likeliest(scores) : draw(scores, rule, uniforms[m]);
      draws.tokens()[m] = token;
      draws.logProbs()[m] = logProb(row, token, rule.scoringTemperature());
    }
    return draws;
  }

  private static float[] penalised(float[] row, SamplingRule rule, int[] seen) {
    float[] scores = row.clone();
    for (int token : seen) {
      scores[token] = rule.penalised(row[token]); // once per token, however often it was seen
    }
    return scores;
  }

  private static boolean isFinite(float[] scores) {
    return IntStream.range(0, scores.length).allMatch(i -> Float.isFinite(scores[i]));
  }

  /** The first index of the largest score. */
  private static int likeliest(float[] scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  /** The first token at which the sum of probabilities exceeds the uniform number. */
  private static int draw(float[] scores, SamplingRule rule, double uniform) {
    float top = scores[likeliest(scores)];
    float floor = floor(scores, top, rule);
    double[] cumulative = new double[scores.length]; // Σ exp((score − max) / temperature)
    double total = 0;
    for (int i = 0; i < scores.length; i++) {
      total += scores[i] >= floor ? weight(scores[i], top, rule) : 0;
      cumulative[i] = total;
    }
    int token = 0;
    while (token < scores.length - 1 && cumulative[token] <= uniform * total) {
      token++;
    }
    return token;
  }

  /** The smallest logit that can be drawn. */
  private static float floor(float[] scores, float top, SamplingRule rule) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    int first = 0; // index of the smallest logit that can be drawn
    if (rule.topK() > 0 && rule.topK() < sorted.length) {
      first = sorted.length - rule.topK();
      while (first > 0 && sorted[first - 1] == sorted[first]) {
        first--;
      }
    }
    if (rule.topP() < 1) {
      first = topP(sorted, first, top, rule);
    }
    float minP = top + rule.temperature() * (float) Math.log(rule.minP()); // −∞ without min-p
    return Math.max(sorted[first], minP);
  }

  /** Index of the last token, from the likeliest down, before which the sum is less than top-p. */
  private static int topP(float[] sorted, int first, float top, SamplingRule rule) {
    double total = 0;
    for (int i = first; i < sorted.length; i++) {
      total += weight(sorted[i], top, rule);
    }
    int token = sorted.length - 1;
    double sum = weight(sorted[token], top, rule);
    while (token > first && sum < rule.topP() * total) {
      token--;
      sum += weight(sorted[token], top, rule);
    }
    return token;
  }

  private static double weight(float score, float top, SamplingRule rule) {
    return Math.exp((double) (score - top) / rule.temperature());
  }

  private static float logProb(float[] row, int token, float temperature) {
    float top = row[likeliest(row)];
    double sum = 0;
    for (float logit : row) {
      sum += Math.exp((double) (logit - top) / temperature);
    }
    return (float) ((double) row[token] / temperature - (double) top / temperature - Math.log(sum));
  }
}
