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
   * @param ids of the tokens, one a text
   * @param positions and slots likewise
   * @param branches of one query each, in the order of the texts, that sees its own key last
   * @param over tensors that the operations compute with and that another step may have others of;
   *     those of the engine's user that are closed, and opened again, need not be among them
   * @param operations of the engine, on the inputs they are given and on tensors alone: they may
   *     not depend on anything else of this process, nor leave anything there
   */
  public void run(
      int[] ids,
      int[] positions,
      int[] slots,
      List<Branch> branches,
      List<Tensor> over,
      Consumer<Inputs> operations) {
    try (AttentionMask mask = kernels.mask(branches);
        Indices tokens = kernels.indices(ids, Indices.boundOf(ids));
        Indices places = kernels.indices(positions, Indices.boundOf(positions));
        Indices rows = kernels.indices(slots, Indices.boundOf(slots))) {
      operations.accept(new Inputs(tokens, places, rows, mask));
    }
  }

  /** Frees what is kept for further steps. Idempotent. */
  @Override
  public void close() {
    // nothing is
  }
}
