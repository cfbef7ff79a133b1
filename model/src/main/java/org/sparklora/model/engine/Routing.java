package org.sparklora.model.engine;

import java.util.Arrays;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The experts of each token in a mixture (Shazeer et al., 2017): the k with the largest router
 * logits, of equal ones the first, weighted by their softmax over all E experts. A token's experts
 * and weights depend on its own logits alone, and are the same numbers on every engine.
 *
 * <p>The N·k pairs of a token and an expert, in the order of the experts and then of the tokens,
 * are the <i>rows</i> that the experts compute.
 *
 * @param chosen the experts of each token, {@code (N, k)}, the likeliest first
 * @param weights of the chosen experts, {@code (N, k)}
 * @param probabilities the sum of the softmax over all tokens, {@code (E)}
 * @param rows for each row its place in {@code chosen}, {@code (N·k)}
 * @param starts for each expert its first row, and N·k at the end, {@code (E + 1)}
 *     <p>Arrays are read-only and not copied.
 */
public record Routing(
    Rule rule, int[] chosen, float[] weights, double[] probabilities, int[] rows, int[] starts) {

  /** The k active experts of a token, with weights divided by their sum if renormalised. */
  public record Rule(int active, boolean renormalised) {}

  /** The routing by logits {@code (N, E)}. */
  static Routing of(Tensor logits, Rule rule) {
    int experts = logits.columns();
    float[] z = logits.toArray();
    int[] chosen = new int[logits.rows() * rule.active];
    float[] weights = new float[chosen.length];
    double[] probabilities = new double[experts];
    for (int first = 0, n = 0; first < chosen.length; first += rule.active, n++) {
      double[] p = softmax(z, n * experts, experts);
      for (int e = 0; e < experts; e++) {
        probabilities[e] += p[e];
      }
      double sum = 0;
      for (int j = first; j < first + rule.active; j++) {
        chosen[j] = takeLargest(z, n * experts, experts);
        sum += p[chosen[j]];
      }
      for (int j = first; j < first + rule.active; j++) {
        weights[j] = (float) (p[chosen[j]] / (rule.renormalised ? sum : 1));
      }
    }
    return inRows(rule, chosen, weights, probabilities);
  }

  private static double[] softmax(float[] z, int from, int experts) {
    double top = Double.NEGATIVE_INFINITY;
    for (int e = 0; e < experts; e++) {
      top = Math.max(top, z[from + e]);
    }
    double[] p = new double[experts];
    double sum = 0;
    for (int e = 0; e < experts; e++) {
      p[e] = Math.exp(z[from + e] - top);
      sum += p[e];
    }
    for (int e = 0; e < experts; e++) {
      p[e] /= sum;
    }
    return p;
  }

  /** The first of the largest numbers, which is overwritten with NaN; 0 if all are NaN. */
  private static int takeLargest(float[] z, int from, int experts) {
    int best = from;
    for (int i = from + 1; i < from + experts; i++) {
      if (z[i] > z[best] || Float.isNaN(z[best]) && !Float.isNaN(z[i])) {
        best = i;
      }
    }
    z[best] = Float.NaN;
    return best - from;
  }

  /**
   * The routing that an engine assumes if it only counts: each token chooses the first experts, so
   * that these get the most rows that an expert can get.
   */
  static Routing ofFirst(Tensor logits, Rule rule) {
    int[] chosen = new int[logits.rows() * rule.active];
    Arrays.setAll(chosen, pair -> pair % rule.active);
    return inRows(rule, chosen, new float[chosen.length], new double[logits.columns()]);
  }

  private static Routing inRows(Rule rule, int[] chosen, float[] weights, double[] probabilities) {
    int[] starts = new int[probabilities.length + 1];
    for (int expert : chosen) {
      starts[expert + 1]++;
    }
    for (int e = 0; e < probabilities.length; e++) {
      starts[e + 1] += starts[e];
    }
    int[] next = starts.clone();
    int[] rows = new int[chosen.length];
    for (int pair = 0; pair < chosen.length; pair++) {
      rows[next[chosen[pair]]++] = pair;
    }
    return new Routing(rule, chosen, weights, probabilities, rows, starts);
  }

  /** Computes {@link Engine#routeBackward}, with the logits of which this routing was made. */
  void backward(Tensor logits, float[] dWeights, double[] dEach, Tensor dLogits) {
    float[] ofChosen = new float[dWeights.length]; // (N, k)
    for (int row = 0; row < dWeights.length; row++) {
      ofChosen[rows[row]] = dWeights[row];
    }
    int experts = dEach.length;
    float[] z = logits.toArray();
    for (int first = 0, n = 0; first < chosen.length; first += rule.active, n++) {
      double[] p = softmax(z, n * experts, experts);
      double[] dP = dEach.clone();
      addThroughWeights(first, p, ofChosen, dP);
      double mean = 0; // forward: p = softmax(z)
      for (int e = 0; e < experts; e++) {
        mean += p[e] * dP[e];
      }
      for (int e = 0; e < experts; e++) {
        z[n * experts + e] = (float) (p[e] * (dP[e] - mean));
      }
    }
    dLogits.write(0, z, 0, z.length);
  }

  /** Adds the gradient that a token's probabilities, {@code (E)}, have through the weights. */
  private void addThroughWeights(int first, double[] p, float[] dWeights, double[] dP) {
    double sum = 0; // Σ p over the chosen experts
    double dot = 0; // Σ p·dWeight
    for (int j = first; j < first + rule.active; j++) {
      sum += p[chosen[j]];
      dot += p[chosen[j]] * dWeights[j];
    }
    for (int j = first; j < first + rule.active; j++) {
      // forward: weight = p, or p / sum
      dP[chosen[j]] += rule.renormalised ? (dWeights[j] - dot / sum) / sum : dWeights[j];
    }
  }
}
