package org.sparklora.train.grpo;

import java.util.Arrays;
import java.util.List;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.train.RowOrder;

/**
 * The prompts of each round, as in TRL's {@code RepeatSampler}: an epoch's order is cut into rounds
 * of {@code promptsPerRound}, and an incomplete last round is left out.
 *
 * <p>The first epoch's random order is TRL's; later epochs are shuffled alike, but with seed +
 * epoch, so that they do not depend on earlier draws. Immutable and thread-safe.
 */
public record PromptOrder(int prompts, int promptsPerRound, RowOrder order, long seed) {

  public PromptOrder {
    ConfigException.require(
        promptsPerRound >= 1 && prompts >= promptsPerRound,
        Flags.GENERATION_BATCH_SIZE,
        "%s prompts a round".formatted(promptsPerRound),
        "the dataset has %s; add prompts, or lower --%s (unset: --%s × --%s), which is divided by --%s"
            .formatted(
                prompts,
                Flags.GENERATION_BATCH_SIZE,
                Flags.PER_DEVICE_TRAIN_BATCH_SIZE,
                Flags.STEPS_PER_GENERATION,
                Flags.NUM_GENERATIONS));
  }

  public int roundsPerEpoch() {
    return prompts / promptsPerRound;
  }

  public <T> List<T> of(List<T> prompts, int number) {
    return Arrays.stream(round(number)).mapToObj(prompts::get).toList();
  }

  /** The indices of the prompts of a round, numbered from 0 over all epochs. */
  public int[] round(int number) {
    int epoch = number / roundsPerEpoch();
    int start = number % roundsPerEpoch() * promptsPerRound;
    int[] rows = order.rows(prompts, seed, epoch);
    return Arrays.copyOfRange(rows, start, start + promptsPerRound);
  }
}
