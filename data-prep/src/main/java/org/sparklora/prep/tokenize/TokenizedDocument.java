package org.sparklora.prep.tokenize;

import static org.sparklora.pipeline.table.PackedSequence.NO_LOSS;

/**
 * One document as tokens.
 *
 * <p>Arrays are read-only and not copied.
 *
 * @param inputIds token ids, (T)
 * @param labels the token id where the token counts for the loss, else -100, (T)
 */
public record TokenizedDocument(int[] inputIds, int[] labels) {

  /** Checks that both arrays are equally long. */
  public TokenizedDocument {
    if (inputIds.length != labels.length) {
      throw new IllegalArgumentException(
          "Cannot pair %s input_ids with %s labels".formatted(inputIds.length, labels.length));
    }
  }

  /** Number of tokens, T. */
  public int tokens() {
    return inputIds.length;
  }

  /** Whether any token counts for the loss. */
  public boolean hasTarget() {
    for (int label : labels) {
      if (label != NO_LOSS) {
        return true;
      }
    }
    return false;
  }
}
