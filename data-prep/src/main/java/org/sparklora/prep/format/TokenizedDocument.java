package org.sparklora.prep.format;

import static org.sparklora.pipeline.table.PackedSequence.NO_LOSS;

import java.util.Arrays;

/**
 * One document as tokens, made of a text or a chat or tokenized elsewhere.
 *
 * <p>Arrays are read-only and not copied.
 *
 * @param inputIds token ids, (T)
 * @param labels the token id where the token counts for the loss, else -100, (T)
 */
public record TokenizedDocument(int[] inputIds, int[] labels) implements Example {

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

  /** The document, cut to its first or, with {@code keepEnd}, last {@code most} tokens. */
  public TokenizedDocument cut(int most, boolean keepEnd) {
    if (tokens() <= most) {
      return this;
    }
    int from = keepEnd ? tokens() - most : 0;
    return new TokenizedDocument(
        Arrays.copyOfRange(inputIds, from, from + most),
        Arrays.copyOfRange(labels, from, from + most));
  }

  /** Whether any token counts for the loss. */
  public boolean hasTarget() {
    return Arrays.stream(labels).anyMatch(label -> label != NO_LOSS);
  }
}
