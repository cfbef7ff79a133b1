package org.sparklora.train.grpo;

import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.step.AveragingSettings;
import org.sparklora.train.step.OuterOptimizer;

/**
 * The sizes of steps, and their relation to rounds of completions.
 *
 * @param rows {@code per_device_train_batch_size}: completions of a micro-batch
 * @param accumulation {@code gradient_accumulation_steps}
 * @param stepsPerGeneration {@code steps_per_generation}: micro-batches of a round
 * @param iterations {@code num_iterations}: how often a round is trained on
 * @param localSteps {@code local_steps}: steps between two averages; 1 adds gradients up
 * @param workers each takes local steps on an equal part of a step's micro-batches; else 1
 * @param outer {@code outer_optimizer} of these averages; empty for plain means
 * @param maskTruncated {@code mask_truncated_completions}
 */
public record RoundSteps(
    int rows,
    int accumulation,
    int stepsPerGeneration,
    int iterations,
    int localSteps,
    int workers,
    Optional<OuterOptimizer.Settings> outer,
    boolean maskTruncated) {
  public RoundSteps {
    long completions = (long) rows * stepsPerGeneration;
    ConfigException.require(
        completions <= Integer.MAX_VALUE,
        Flags.PER_DEVICE_TRAIN_BATCH_SIZE,
        rows,
        "a round of %s micro-batches then has %s completions, and may have %s; lower it, or --%s"
            .formatted(
                stepsPerGeneration, completions, Integer.MAX_VALUE, Flags.STEPS_PER_GENERATION));
    long repeated = (long) stepsPerGeneration * iterations;
    ConfigException.require(
        repeated <= Integer.MAX_VALUE,
        Flags.NUM_ITERATIONS,
        iterations,
        "a round of %s micro-batches then takes %s of them, and may take %s; lower it"
            .formatted(stepsPerGeneration, repeated, Integer.MAX_VALUE));
    int microSteps = stepsPerGeneration * iterations;
    ConfigException.require(
        localSteps == 1 || microSteps > accumulation && microSteps % accumulation == 0,
        Flags.LOCAL_STEPS,
        localSteps,
        "a round of %s micro-batches, trained on %s times, must be several whole steps of %s micro-batches (%s) for workers to take some of their own; raise %s"
            .formatted(
                stepsPerGeneration,
                iterations,
                accumulation,
                Flags.GRADIENT_ACCUMULATION_STEPS,
                Flags.STEPS_PER_GENERATION));
    ConfigException.require(
        accumulation % workers == 0,
        Flags.GRADIENT_ACCUMULATION_STEPS,
        accumulation,
        "with %s, each of %s workers takes an equal part of a step; set it to a multiple of %s"
            .formatted(Flags.LOCAL_STEPS, workers, workers));
  }

  public static RoundSteps of(Settings settings) {
    int rows = settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE);
    int localSteps = settings.get(Flags.LOCAL_STEPS);
    if (localSteps == 1) {
      settings.requireDefaults(
          List.of(Flags.OUTER_OPTIMIZER, Flags.OUTER_LEARNING_RATE, Flags.OUTER_MOMENTUM),
          "--%s 1 adds gradients up in each step, and averages nothing; leave it out, or set --%s to 2 or more"
              .formatted(Flags.LOCAL_STEPS, Flags.LOCAL_STEPS));
    }
    return new RoundSteps(
        rows,
        settings.get(Flags.GRADIENT_ACCUMULATION_STEPS),
        stepsPerGeneration(settings, rows),
        settings.get(Flags.NUM_ITERATIONS),
        localSteps,
        1,
        AveragingSettings.outerOf(settings),
        settings.get(Flags.MASK_TRUNCATED_COMPLETIONS));
  }

  private static int stepsPerGeneration(Settings settings, int rows) {
    Optional<Integer> steps = settings.find(Flags.STEPS_PER_GENERATION);
    Optional<Integer> size = settings.find(Flags.GENERATION_BATCH_SIZE);
    size.ifPresent(
        completions -> {
          ConfigException.require(
              steps.isEmpty(),
              Flags.GENERATION_BATCH_SIZE,
              completions,
              "%s says the same; leave one of them out".formatted(Flags.STEPS_PER_GENERATION));
          ConfigException.require(
              completions % rows == 0,
              Flags.GENERATION_BATCH_SIZE,
              completions,
              "it must be a multiple of %s, which is %s"
                  .formatted(Flags.PER_DEVICE_TRAIN_BATCH_SIZE, rows));
        });
    return size.map(completions -> completions / rows)
        .or(() -> steps)
        .orElse(settings.get(Flags.GRADIENT_ACCUMULATION_STEPS));
  }

  /** Completions of a round. */
  public int generationSize() {
    return rows * stepsPerGeneration;
  }

  /** Micro-steps between two rounds. */
  public int microSteps() {
    return stepsPerGeneration * iterations;
  }

  /**
   * Whether each step trains on completions of the policy that it updates, so that no earlier
   * log-probabilities are needed.
   */
  public boolean isOnPolicy() {
    return accumulation % microSteps() == 0;
  }

  /** These sizes for some workers; a ConfigException if local steps get unequal parts. */
  public RoundSteps by(int count) {
    return new RoundSteps(
        rows,
        accumulation,
        stepsPerGeneration,
        iterations,
        localSteps,
        localSteps > 1 ? count : 1,
        outer,
        maskTruncated);
  }

  /** Numbers that a worker returns at a time: a gradient, or parameters and moments. */
  public long resultFloats(long parameters) {
    return localSteps > 1 ? 3 * parameters : parameters;
  }
}
