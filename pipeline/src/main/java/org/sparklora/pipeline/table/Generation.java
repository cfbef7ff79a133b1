package org.sparklora.pipeline.table;

/**
 * A row of the {@code generations} table: one completion of a prompt, with all that is known of the
 * prompt.
 *
 * @param prompt what was completed
 * @param index which of the prompt's completions this is, from 0
 * @param text the completion, without special tokens
 * @param tokens of the completion; a token that ended it is the last. Read-only and not copied
 * @param logProbs of each token under the policy that drew it, in nats. Read-only and not copied
 * @param stopReason {@code eos}, {@code length} or {@code pad}
 */
public record Generation(
    Prompt prompt, int index, String text, int[] tokens, float[] logProbs, String stopReason) {
  /** {@link #stopReason} of a completion that ended itself. */
  public static final String EOS = "eos";

  /**
   * {@link #stopReason} of a completion of the largest length whose last token is the one that
   * pads: TRL, which cannot tell it from one that was padded, takes it for ended.
   */
  public static final String PAD = "pad";

  public Generation {
    if (tokens.length != logProbs.length || tokens.length == 0) {
      throw new TableException(
          "Cannot use completion %s of prompt %s: it has %s tokens and %s log-probabilities, which must be as many and at least one; generate again"
              .formatted(index, prompt.id(), tokens.length, logProbs.length));
    }
  }

  /** Whether it was cut off at the largest length. */
  public boolean isTruncated() {
    return !stopReason.equals(EOS) && !stopReason.equals(PAD);
  }
}
