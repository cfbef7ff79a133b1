package org.sparklora.train;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * The loss of a mixture's dataset. Its sum is a whole number of units, so that it has no rounding
 * that depends on how the rows are divided among workers.
 *
 * @param nll Σ −log p, in {@link #unit}s
 * @param targets tokens that count for the loss; at least 1
 */
public record SourceLoss(long nll, long targets) implements Serializable {
  private static final double UNITS = 1 << 30; // of a nat; a sum of 8 billion nats fits

  /** −log p in units. */
  static long unit(float logProb) {
    return Math.round(-UNITS * logProb);
  }

  private SourceLoss plus(SourceLoss other) {
    return new SourceLoss(nll + other.nll, targets + other.targets);
  }

  /** Nats a target token. */
  public double mean() {
    return nll / UNITS / targets;
  }

  static Map<String, SourceLoss> sum(Map<String, SourceLoss> one, Map<String, SourceLoss> other) {
    Map<String, SourceLoss> sum = new TreeMap<>(one);
    other.forEach((source, loss) -> sum.merge(source, loss, SourceLoss::plus));
    return sum;
  }

  /** The means under their names in the log: {@code loss/SOURCE}. */
  static Map<String, Double> metrics(Map<String, SourceLoss> losses) {
    Map<String, Double> metrics = new TreeMap<>();
    losses.forEach((source, loss) -> metrics.put("loss/" + source, loss.mean()));
    return metrics;
  }
}
