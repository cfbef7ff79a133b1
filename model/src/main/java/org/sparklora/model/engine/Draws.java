package org.sparklora.model.engine;

/**
 * Tokens that were drawn.
 *
 * @param tokens {@code (M)}; from {@link Kernels} {@link #NOT_FINITE} for a row that cannot be
 *     drawn from
 * @param logProbs of the tokens, in nats: log softmax(logits / temperature) over the whole
 *     vocabulary, before the penalty and top-k, top-p and min-p, {@code (M)}
 */
public record Draws(int[] tokens, float[] logProbs) {
  /** In place of the token of a row with a logit that is NaN or infinite. */
  public static final int NOT_FINITE = -1;

  /** Room for the draws of M rows. */
  public static Draws ofRows(int rows) {
    return new Draws(new int[rows], new float[rows]);
  }
}
