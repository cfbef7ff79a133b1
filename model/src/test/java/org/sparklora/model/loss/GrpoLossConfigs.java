package org.sparklora.model.loss;

import org.sparklora.model.loss.GrpoLossConfig.Level;
import org.sparklora.model.loss.GrpoLossConfig.LossType;

/** Settings of losses for tests, TRL's defaults where nothing else is said. */
public final class GrpoLossConfigs {
  private GrpoLossConfigs() {}

  public static GrpoLossConfig defaults() {
    return of(LossType.DAPO, Level.TOKEN, 0, 1);
  }

  /** For completions of ten tokens at most. */
  public static GrpoLossConfig of(LossType type, Level level, double beta, double quantile) {
    return new GrpoLossConfig(
        new GrpoLossConfig.Reduction(type, 10),
        new GrpoLossConfig.Ratio(
            level, 0.2, 0.2, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
        new GrpoLossConfig.Divergence(beta, true),
        new GrpoLossConfig.Soft(
            new GrpoLossConfig.Sapo(1, 1.05), new GrpoLossConfig.Vespo(2, 3, 3, 2)),
        quantile,
        1);
  }
}
