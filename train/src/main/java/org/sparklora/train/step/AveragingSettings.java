package org.sparklora.train.step;

import java.io.Serializable;
import java.util.Locale;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.vector.VectorType;

/**
 * How the parameters of workers become one.
 *
 * @param frequency {@code averaging_frequency}: steps of a round
 * @param outer {@code outer_optimizer}, {@code outer_learning_rate} and {@code outer_momentum}
 * @param hasOuterStep {@code inner_moments kept}, as in DiLoCo (arXiv 2311.08105): the driver takes
 *     a step with the mean change of the workers' parameters, and each worker keeps its moments;
 *     else parameters and AdamW's moments become the means of the workers'
 * @param bySpeed {@code deal_by_speed}: rows are dealt by the workers' speed, and a worker far
 *     behind is left out of a round
 * @param onWire {@code averaging_dtype}: type in which vectors are sent
 * @param seed of random rounding
 */
public record AveragingSettings(
    int frequency,
    OuterOptimizer.Settings outer,
    boolean hasOuterStep,
    boolean bySpeed,
    VectorType onWire,
    long seed)
    implements Serializable {
  private static final String KEPT = "kept";
  private static final String AVERAGED = "averaged";

  public static AveragingSettings of(Settings settings) {
    Optional<OuterOptimizer.Settings> outer = outerOf(settings);
    boolean keeps = settings.find(Flags.INNER_MOMENTS).map(KEPT::equals).orElse(outer.isPresent());
    ConfigException.require(
        outer.isEmpty() || keeps,
        Flags.INNER_MOMENTS,
        AVERAGED,
        "with --outer_optimizer nesterov each worker keeps its moments; leave it out, or use --outer_optimizer average");
    VectorType onWire = settings.get(Flags.AVERAGING_DTYPE, VectorType.class);
    ConfigException.require(
        !onWire.isBlockScaled() || keeps,
        Flags.AVERAGING_DTYPE,
        onWire.name().toLowerCase(Locale.ROOT),
        "moments cannot be averaged as scaled integers; add --inner_moments kept");
    boolean bySpeed = settings.get(Flags.DEAL_BY_SPEED);
    ConfigException.require(
        !bySpeed || keeps,
        Flags.DEAL_BY_SPEED,
        bySpeed,
        "plain means count every worker the same; add --inner_moments kept");
    return new AveragingSettings(
        settings.get(Flags.AVERAGING_FREQUENCY),
        outer.orElse(OuterOptimizer.Settings.AVERAGE),
        keeps,
        bySpeed,
        onWire,
        settings.get(Flags.SEED));
  }

  /** The outer optimizer of a user's settings; empty for means. */
  public static Optional<OuterOptimizer.Settings> outerOf(Settings settings) {
    return settings.get(Flags.OUTER_OPTIMIZER).equals("nesterov")
        ? Optional.of(
            new OuterOptimizer.Settings(
                settings.get(Flags.OUTER_LEARNING_RATE), settings.get(Flags.OUTER_MOMENTUM)))
        : Optional.empty();
  }

  /** The value of {@code inner_moments}. */
  public String moments() {
    return hasOuterStep ? KEPT : AVERAGED;
  }

  /** Whether the end of a round changes the vectors of a single worker. */
  public boolean roundsMatterToOne() {
    return hasOuterStep || onWire != VectorType.FLOAT32;
  }

  /** Bytes of the vectors that an executor receives in a round, and that a worker returns. */
  public long bytes(long parameters) {
    return onWire.bytes(hasOuterStep ? parameters : 3 * parameters);
  }
}
