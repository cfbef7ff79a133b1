package org.sparklora.model.engine;

/**
 * What a model says about M target tokens, a number for each row of logits. It stays where the
 * engine computes until somebody reads it.
 *
 * @param logProbs log softmax at the target, {@code (M)}
 * @param logSumExp log Σ exp, {@code (M)}
 * @param entropies of the softmax in nats, {@code (M)}
 * @param argmax the first index of the largest logit, {@code (M)}
 */
public record TokenScores(Tensor logProbs, Tensor logSumExp, Tensor entropies, Indices argmax)
    implements AutoCloseable {

  /**
   * Room for the scores of M rows, to be closed by the caller.
   *
   * @param vocabSize V, above every argmax
   */
  public static TokenScores allocate(Engine engine, int rows, int vocabSize) {
    return new TokenScores(
        engine.allocate(rows),
        engine.allocate(rows),
        engine.allocate(rows),
        engine.indices(new int[rows], vocabSize));
  }

  /** Those of the rows {@code [from, to)}. */
  public TokenScores rows(int from, int to) {
    int count = to - from;
    return new TokenScores(
        logProbs.view(from, count),
        logSumExp.view(from, count),
        entropies.view(from, count),
        argmax.part(from, to));
  }

  @Override
  public void close() {
    logProbs.close();
    logSumExp.close();
    entropies.close();
    argmax.close();
  }
}
