package org.sparklora.train.step;

import java.io.Serializable;
import org.sparklora.train.vector.VectorType;

/**
 * How the parameters of workers become one.
 *
 * @param frequency {@code averaging_frequency}: steps of a round
 * @param outer {@code outer_optimizer}, {@code outer_learning_rate} and {@code outer_momentum}
 * @param moments {@code inner_moments}
 * @param bySpeed {@code deal_by_speed}: rows are dealt by the workers' speed, and a worker far
 *     behind is left out of a round
 * @param onWire {@code averaging_dtype}: type in which vectors are sent
 * @param seed of random rounding
 */
public record AveragingSettings(
    int frequency,
    OuterOptimizer.Settings outer,
    InnerMoments moments,
    boolean bySpeed,
    VectorType onWire,
    long seed)
    implements Serializable {

  /** Whether the driver takes a step with the mean change of the workers' parameters. */
  public boolean hasOuterStep() {
    return moments != InnerMoments.AVERAGED;
  }

  /** Whether the end of a round changes the vectors of a single worker. */
  public boolean roundsMatterToOne() {
    return hasOuterStep() || onWire != VectorType.FLOAT32;
  }

  /** Bytes of the vectors that an executor receives in a round, and that a worker returns. */
  public long bytes(long parameters) {
    return onWire.bytes(hasOuterStep() ? parameters : 3 * parameters);
  }
}
