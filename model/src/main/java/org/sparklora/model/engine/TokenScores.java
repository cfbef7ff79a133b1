package org.sparklora.model.engine;

import java.util.Optional;

/**
 * What a model says about M target tokens, a number for each row of logits. It stays where the
 * engine computes until somebody reads it.
 *
 * @param logProbs log softmax at the target, {@code (M)}
 * @param logSumExp log Σ exp, {@code (M)}
 * @param entropies of the softmax in nats, {@code (M)}
 * @param argmax the first index of the largest logit, {@code (M)}
 * @param memory that the tensors lie in, freed by {@link #close}; empty for some rows of others
 */
public record TokenScores(
    Tensor logProbs, Tensor logSumExp, Tensor entropies, Indices argmax, Optional<Tensor> memory)
    implements AutoCloseable {

  /**
   * Room for the scores of M rows, to be closed by the caller.
   *
   * @param vocabSize V, above every argmax
   */
  public static TokenScores allocate(Engine engine, int rows, int vocabSize) {
    Tensor memory = engine.allocate(3, rows);
    try {
      return new TokenScores(
          memory.view(0, rows),
          memory.view(rows, rows),
          memory.view(2L * rows, rows),
          engine.indices(new int[rows], vocabSize),
          Optional.of(memory));
    } catch (RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /**
   * What of the scores a loss and its metrics are made of, in this process.
   *
   * @param logProbs {@code (M)}
   * @param entropies {@code (M)}
   * @param argmax {@code (M)}
   *     <p>Arrays are read-only and not copied.
   */
  public record Values(float[] logProbs, float[] entropies, int[] argmax) {}

  /** Those of the rows {@code [from, to)}. */
  public TokenScores rows(int from, int to) {
    int count = to - from;
    return new TokenScores(
        logProbs.view(from, count),
        logSumExp.view(from, count),
        entropies.view(from, count),
        argmax.part(from, to),
        Optional.empty());
  }

  @Override
  public void close() {
    memory.ifPresent(Tensor::close);
    argmax.close();
  }
}
