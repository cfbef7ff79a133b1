package org.sparklora.model.engine;

import java.util.List;
import java.util.function.Consumer;

/**
 * Runs steps of decoding, each of which computes one more token of several texts. An engine on a
 * device keeps what changes from step to step in memory that stays where it is, so that it can do a
 * step of some shape again without being told each operation. This one, of engines that compute in
 * this process, runs each step as it comes.
 *
 * <p>Not thread-safe.
 */
public class DecodingSteps implements AutoCloseable {
  private final Kernels kernels;

  protected DecodingSteps(Kernels kernels) {
    this.kernels = kernels;
  }

  /**
   * One more token of each of several texts.
   *
   * @param ids {@code (N)}
   * @param positions of each token in its text, {@code (N)}
   * @param slots of the cache, where the tokens' keys and values go, {@code (N)}
   * @param branches of one query each, in the order of the texts, what each token sees in slots of
   *     the cache, itself last
   */
  public record Tokens(int[] ids, int[] positions, int[] slots, List<Branch> branches) {}

  /**
   * What a step reads that is another each time, in rows that {@link #rows} counts.
   *
   * @param ids {@code (N)}
   * @param positions of each token in its text, {@code (N)}
   * @param slots of the cache, where the tokens' keys and values go, {@code (N)}; two entries are
   *     equal only where the rows are
   * @param mask of one query a row
   */
  public record Inputs(Indices ids, Indices positions, Indices slots, AttentionMask mask) {}

  /** Rows N that a step of so many texts is computed with; those beyond repeat the first. */
  public int rows(int texts) {
    return texts;
  }

  /**
   * Runs a step.
   *
   * @param over tensors that the operations compute with and that another step may have others of;
   *     those of the engine's user that are closed, and opened again, need not be among them
   * @param operations of the engine, on the inputs they are given and on tensors alone: they may
   *     not depend on anything else of this process, nor leave anything there
   */
  public void run(Tokens tokens, List<Tensor> over, Consumer<Inputs> operations) {
    try (AttentionMask mask = kernels.mask(tokens.branches);
        Indices ids = indices(tokens.ids);
        Indices positions = indices(tokens.positions);
        Indices slots = indices(tokens.slots)) {
      operations.accept(new Inputs(ids, positions, slots, mask));
    }
  }

  private Indices indices(int[] values) {
    return kernels.indices(values, Indices.boundOf(values));
  }

  /** Frees what is kept for further steps. Idempotent. */
  @Override
  public void close() {
    // nothing is
  }
}
