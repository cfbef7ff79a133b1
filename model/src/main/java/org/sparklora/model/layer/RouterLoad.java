package org.sparklora.model.layer;

import org.sparklora.model.engine.Routing;

/**
 * The auxiliary loss of the routers of a pass, which is lowest if all experts get equally many
 * tokens (Fedus et al., 2021): {@code E · Σ f·P} over the experts, with f the rows of an expert and
 * P the sum of its probabilities, each divided by the number of routed tokens. As in transformers,
 * f and P are those of all layers together.
 *
 * <p>Not thread-safe: belongs to the activations of one pass at a time.
 */
public final class RouterLoad {
  private double[] probabilities = {}; // sums, (E)
  private long[] rows = {}; // (E)
  private long tokens; // of all layers
  private double weight;

  /** Forgets the routers of the last pass, before a forward. */
  public void clear() {
    probabilities = new double[0];
    tokens = 0;
  }

  /** Sets the weight of the auxiliary loss in the loss that backward differentiates. */
  public void weigh(double newWeight) {
    weight = newWeight;
  }

  /** Adds the rows and the probabilities of one layer. */
  void add(Routing routing) {
    int experts = routing.probabilities().length;
    if (tokens == 0) {
      probabilities = new double[experts];
      rows = new long[experts];
    }
    for (int e = 0; e < experts; e++) {
      probabilities[e] += routing.probabilities()[e];
      rows[e] += routing.starts()[e + 1] - routing.starts()[e];
    }
    tokens += routing.chosen().length / routing.rule().active();
  }

  /** The auxiliary loss; 0 without routers. */
  public double loss() {
    double sum = 0;
    for (int e = 0; e < probabilities.length; e++) {
      sum += (double) rows[e] / tokens * (probabilities[e] / tokens);
    }
    return probabilities.length * sum;
  }

  /** The gradient of each expert's probability for a token, the same for all tokens, (E). */
  double[] gradient() {
    double[] gradient = new double[probabilities.length];
    for (int e = 0; e < gradient.length; e++) {
      // forward: loss = weight · E · Σ rows / tokens · Σ p / tokens
      gradient[e] = weight * gradient.length * rows[e] / ((double) tokens * tokens);
    }
    return gradient;
  }
}
