package org.sparklora.train.grpo;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.loss.GrpoLossConfig.LossType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * Importance sampling for completions whose sampler is not quite the policy: a server that rounds
 * otherwise, or an earlier policy. The loss of a token is multiplied by
 *
 * <pre>
 * e^(o − s), or e^Σ(o − s) over the completion     o: the learner's log-probability, s: the sampler's
 * </pre>
 *
 * <p>truncated to an interval, or 0 outside of it, as in TRL.
 *
 * @param mode {@code vllm_importance_sampling_mode}
 * @param least {@code vllm_importance_sampling_clip_min}
 * @param most {@code vllm_importance_sampling_clip_max}; infinite for no bound
 */
public record SamplerCorrection(Mode mode, double least, double most) {
  /** Whether tokens or completions have a ratio, and whether it is truncated or masked. */
  public enum Mode {
    TOKEN_TRUNCATE,
    TOKEN_MASK,
    SEQUENCE_TRUNCATE,
    SEQUENCE_MASK;

    /** Whether a completion's tokens share one ratio. */
    boolean isOfSequence() {
      return this == SEQUENCE_TRUNCATE || this == SEQUENCE_MASK;
    }

    boolean masks() {
      return this == TOKEN_MASK || this == SEQUENCE_MASK;
    }
  }

  /**
   * Importance sampling for completions of other samplers than the policy, if wanted.
   *
   * @throws ConfigException if no ratio is within the bounds, or the loss {@code vespo} would be
   *     corrected by sequence
   */
  public static Optional<SamplerCorrection> of(Settings settings) {
    if (!settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_CORRECTION)) {
      return Optional.empty();
    }
    double least = settings.find(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MIN).orElse(0.0);
    double most =
        settings
            .find(Flags.VLLM_IMPORTANCE_SAMPLING_CAP)
            .orElseGet(() -> settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX));
    ConfigException.require(
        least < most,
        Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MIN,
        least,
        "it must be below the upper bound of " + most);
    Mode mode = settings.get(Flags.VLLM_IMPORTANCE_SAMPLING_MODE, Mode.class);
    ConfigException.require(
        mode.masks()
            || Double.isFinite(most)
            || settings.isGiven(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MIN),
        Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX,
        "none",
        "%s truncates ratios to a bound; set this one or %s"
            .formatted(
                mode.name().toLowerCase(Locale.ROOT), Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MIN));
    SamplerCorrection correction = new SamplerCorrection(mode, least, most);
    if (settings.get(Flags.USE_VLLM) || settings.get(Flags.MAX_STALENESS) > 0) {
      correction.requireFits(settings.get(Flags.LOSS_TYPE, LossType.class));
    }
    return Optional.of(correction);
  }

  /** Throws a ConfigException for {@code vespo}, if a completion's tokens share one ratio. */
  public void requireFits(LossType loss) {
    ConfigException.require(
        loss != LossType.VESPO || !mode.isOfSequence(),
        Flags.VLLM_IMPORTANCE_SAMPLING_MODE,
        mode.name().toLowerCase(Locale.ROOT),
        "the loss vespo weighs whole completions itself; set it to token_truncate or token_mask");
  }

  /** The factors of a completion's tokens. */
  public float[] weights(float[] learner, float[] sampler) {
    float[] weights = new float[learner.length];
    double sum = 0;
    for (int t = 0; t < weights.length; t++) {
      double difference = (double) learner[t] - sampler[t];
      sum += difference;
      weights[t] = bounded(Math.exp(difference));
    }
    if (mode.isOfSequence()) {
      Arrays.fill(weights, bounded(Math.exp(sum)));
    }
    return weights;
  }

  /**
   * A completion's row with its factors.
   *
   * @param isTaught by a teacher: the loss is then the divergence alone, weighted by the policy's
   *     ratio to the old policy, as which the sampler counts
   */
  public PolicyRow corrected(PolicyRow row, float[] learner, float[] sampler, boolean isTaught) {
    return (isTaught ? row.withOld(sampler) : row).withWeights(weights(learner, sampler));
  }

  /** The mean over a completion's tokens of s − o. */
  public static float drift(float[] learner, float[] sampler) {
    double sum = 0;
    for (int t = 0; t < learner.length; t++) {
      sum += (double) sampler[t] - learner[t];
    }
    return (float) (sum / learner.length);
  }

  private float bounded(double ratio) {
    double bounded = Math.max(least, Math.min(most, ratio));
    return (float) (mode.masks() && bounded != ratio ? 0 : bounded);
  }

  /**
   * TRL's metrics of the factors: of tokens, or of completions if each has one ratio; a masked
   * completion's is 1, as in TRL. Beside them {@code sampling/effective_sample_size}, (Σw)² /
   * (n·Σw²), of the completions that are trained on: the share of an equal number of factors of 1
   * that would estimate as well (Kong, 1992).
   *
   * @param weights of each completion that is trained on, none of them empty
   * @param masked number of completions that are not
   */
  public Map<String, Double> metrics(List<float[]> weights, int masked) {
    double[] trained =
        weights.stream()
            .flatMapToDouble(
                of ->
                    IntStream.range(0, mode.isOfSequence() ? 1 : of.length).mapToDouble(t -> of[t]))
            .toArray();
    double[] all = Arrays.copyOf(trained, trained.length + (mode.isOfSequence() ? masked : 0));
    Arrays.fill(all, trained.length, all.length, bounded(1));
    String name = "sampling/importance_sampling_ratio/";
    Map<String, Double> metrics = new LinkedHashMap<>();
    metrics.put(name + "min", Arrays.stream(all).min().orElse(0));
    metrics.put(name + "mean", Arrays.stream(all).average().orElse(0));
    metrics.put(name + "max", Arrays.stream(all).max().orElse(0));
    double sum = Arrays.stream(trained).sum();
    double squares = Arrays.stream(trained).map(weight -> weight * weight).sum();
    metrics.put(
        "sampling/effective_sample_size", squares > 0 ? sum * sum / (trained.length * squares) : 0);
    return metrics;
  }
}
