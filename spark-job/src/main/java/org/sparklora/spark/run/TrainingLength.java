package org.sparklora.spark.run;

import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * Length of a training and its random seeds.
 *
 * @param epochs {@code num_train_epochs}
 * @param maxSteps {@code max_steps}; not positive: the epochs decide
 * @param seed {@code seed}: of a new adapter, dropout, and the order of GRPO's prompts and rows
 * @param dataSeed {@code data_seed}: of the order of rows
 */
public record TrainingLength(double epochs, int maxSteps, long seed, long dataSeed) {
  public TrainingLength {
    ConfigException.require(
        epochs > 0 || maxSteps > 0,
        Flags.NUM_TRAIN_EPOCHS,
        epochs,
        "it must be positive, or %s must be".formatted(Flags.MAX_STEPS));
  }

  static TrainingLength of(Settings settings) {
    int seed = settings.get(Flags.SEED);
    return new TrainingLength(
        settings.get(Flags.NUM_TRAIN_EPOCHS),
        settings.get(Flags.MAX_STEPS),
        seed,
        settings.find(Flags.DATA_SEED).orElse(seed));
  }
}
