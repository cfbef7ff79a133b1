package org.sparklora.train.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Compares the sampler's log-probabilities of the tokens it drew with the learner's, before the
 * tokens are trained on. They differ only by rounding if the trained policy drew the completions;
 * training on completions of another policy would degrade the model unnoticed.
 *
 * <p>Not thread-safe.
 */
public final class LogProbGuard {
  /** The completions of a round are not those of the policy. */
  public static final class PolicyMismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PolicyMismatchException(String message) {
      super(message);
    }
  }

  private final int round;
  private final double bound;
  private double sum = 0;
  private double largest = 0;
  private long tokens = 0;

  /** Guards a round, from 0; {@code bound} is the largest mean absolute difference, in nats. */
  public LogProbGuard(int round, double bound) {
    this.round = round;
    this.bound = bound;
  }

  /** Adds completions, one log-probability per token. */
  public LogProbGuard compare(List<float[]> sampler, List<float[]> learner) {
    for (int c = 0; c < sampler.size(); c++) {
      float[] drawn = sampler.get(c);
      for (int t = 0; t < drawn.length; t++) {
        double difference = Math.abs((double) drawn[t] - learner.get(c)[t]);
        sum += difference;
        largest = Math.max(largest, difference);
      }
      tokens += drawn.length;
    }
    return this;
  }

  private double mean() {
    return sum / Math.max(1, tokens);
  }

  /** Throws a {@link PolicyMismatchException} if the mean is beyond the bound, or not a number. */
  public LogProbGuard require() {
    if (mean() <= bound) { // false for NaN
      return this;
    }
    throw new PolicyMismatchException(
        String.format(
            Locale.ROOT,
            "Cannot learn from round %d: on the %d tokens it drew, sampler and learner differ by %.3g on average in log-probability (at most %.3g), beyond max_logprob_difference = %s. %s",
            round + 1,
            tokens,
            mean(),
            largest,
            bound,
            likelyCause()));
  }

  private String likelyCause() {
    return Double.isNaN(sum)
        ? "The policy yields no numbers any more: it has diverged; lower learning_rate"
        : "Most likely the completions were drawn with other parameters than those that are trained"
            + " (an adapter left out, or an earlier one), or with another temperature; if the"
            + " base weights are kept in bfloat16 on one side only, raise the bound";
  }

  /** Metrics, under TRL's names for its comparison with vLLM. */
  public Map<String, Double> metrics() {
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put("sampling/sampling_logp_difference/mean", mean());
    metrics.put("sampling/sampling_logp_difference/max", largest);
    return metrics;
  }
}
