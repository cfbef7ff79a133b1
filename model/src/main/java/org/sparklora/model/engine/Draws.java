package org.sparklora.model.engine;

/**
 * Tokens drawn for M rows of logits.
 *
 * @param tokens {@code (M)}; {@link #NOT_FINITE} for a row that cannot be drawn from, and then the
 *     other rows mean nothing
 * @param logProbs log-probabilities of the tokens, in nats: log softmax(logits / temperature) over
 *     the whole vocabulary, before the penalty and top-k, top-p and min-p, {@code (M)}
 */
public record Draws(int[] tokens, float[] logProbs) {
  /** Stands for the token of a row with a NaN or infinite logit. */
  public static final int NOT_FINITE = -1;

  public static Draws ofRows(int rows) {
    return new Draws(new int[rows], new float[rows]);
  }
}
