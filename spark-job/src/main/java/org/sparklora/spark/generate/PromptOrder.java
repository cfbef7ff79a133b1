package org.sparklora.spark.generate;

import java.util.Arrays;
import java.util.List;
import org.sparklora.spark.train.RowOrder;

/**
 * Which prompts a round has, as TRL's {@code RepeatSampler} does it: an epoch's order is cut into
 * runs of {@code promptsPerRound}, and a last run that is too short is left out.
 *
 * <p>The first epoch's random order is TRL's; later ones are of the same kind, but seeded with the
 * epoch's number, so that they do not depend on what was drawn before. Immutable and thread-safe.
 *
 * @param prompts how many there are
 */
public record PromptOrder(int prompts, int promptsPerRound, RowOrder order, long seed) {

  public PromptOrder {
    if (promptsPerRound < 1 || prompts < promptsPerRound) {
      throw new IllegalArgumentException(
          "Cannot draw rounds of %d prompts from %d: add prompts or lower generation_batch_size"
              .formatted(promptsPerRound, prompts));
    }
  }

  public int roundsPerEpoch() {
    return prompts / promptsPerRound;
  }

  /** The prompts of a round. */
  public <T> List<T> of(List<T> prompts, int number) {
    return Arrays.stream(round(number)).mapToObj(prompts::get).toList();
  }

  /**
   * Which prompts a round has.
   *
   * @param number from 0, counted over all epochs
   */
  public int[] round(int number) {
    int epoch = number / roundsPerEpoch();
    int start = number % roundsPerEpoch() * promptsPerRound;
    int[] rows = order.rows(prompts, seed, epoch);
    return Arrays.copyOfRange(rows, start, start + promptsPerRound);
  }
}
