package org.sparklora.model.engine;

import java.util.Optional;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A model's scores of M target tokens, one number of each kind per row of logits. They stay in the
 * engine's memory until {@link Engine#bring} transfers them.
 *
 * @param logProbs log softmax at the target, {@code (M)}
 * @param logSumExp log Σ exp, {@code (M)}
 * @param entropies of the softmax in nats, {@code (M)}
 * @param argmax the first index of the largest logit, {@code (M)}
 * @param memory the memory of the tensors, freed by {@link #close}; empty for a view
 */
public record TokenScores(
    Tensor logProbs, Tensor logSumExp, Tensor entropies, Indices argmax, Optional<Tensor> memory)
    implements AutoCloseable {

  /** Allocates the scores of M rows over a vocabulary of V, which the caller closes. */
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

  /** The scores that losses and metrics use, each {@code (M)} in host memory; read-only. */
  public record Values(float[] logProbs, float[] entropies, int[] argmax) {}

  /** The scores of the rows {@code [from, to)}. */
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
