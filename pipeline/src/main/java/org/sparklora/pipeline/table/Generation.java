package org.sparklora.pipeline.table;

/**
 * A row of the {@code generations} table: one completion of a prompt, with the prompt's row.
 *
 * @param index number of this completion among the prompt's, from 0
 * @param text the completion, without special tokens
 * @param tokens tokens of the completion, including its end token. Read-only and not copied
 * @param logProbs log-probability of each token under the policy that drew it, in nats. Read-only
 *     and not copied
 * @param origin the reason of its end, and the program and policy that drew it
 */
public record Generation(
    Prompt prompt, int index, String text, int[] tokens, float[] logProbs, Origin origin) {
  /** {@link Origin#generator} of this project's decoder. */
  public static final String DECODER = "spark-lora";

  /**
   * How a completion came about.
   *
   * @param stopReason {@code eos}, {@code length} or {@code pad}
   * @param generator the program that drew it: {@value #DECODER}, {@code vllm} or another
   * @param policyVersion optimizer steps of the policy that drew it
   * @param seed of the random numbers of the table
   */
  public record Origin(String stopReason, String generator, int policyVersion, long seed) {}

  /** {@link Origin#stopReason} of a completion that drew an end token. */
  public static final String EOS = "eos";

  /** {@link Origin#stopReason} of a completion that was cut off at the largest length. */
  public static final String LENGTH = "length";

  /**
   * {@link Origin#stopReason} of a completion of the largest length whose last token is the pad
   * token: TRL counts it as ended, since it looks like a padded one.
   */
  public static final String PAD = "pad";

  /** A completion of an untrained policy, drawn by this project's decoder. */
  public Generation(
      Prompt prompt, int index, String text, int[] tokens, float[] logProbs, String stopReason) {
    this(prompt, index, text, tokens, logProbs, new Origin(stopReason, DECODER, 0, 0));
  }

  public Generation {
    if (tokens.length != logProbs.length || tokens.length == 0) {
      throw new TableException(
          "Cannot use completion %s of prompt %s: it has %s tokens and %s log-probabilities, which must be as many and at least one; generate again"
              .formatted(index, prompt.id(), tokens.length, logProbs.length));
    }
  }

  /** Whether this project's decoder drew the completion. */
  public boolean isOwn() {
    return origin.generator.equals(DECODER);
  }

  /** Why the completion ended: {@code eos}, {@code length} or {@code pad}. */
  public String stopReason() {
    return origin.stopReason;
  }

  /** Whether the completion was cut off at the largest length. */
  public boolean isTruncated() {
    return !stopReason().equals(EOS) && !stopReason().equals(PAD);
  }
}
