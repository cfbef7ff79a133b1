package org.sparklora.model.engine;

import java.util.List;
import java.util.function.Consumer;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Runs steps of decoding, each of which computes one more token of several texts. An engine on a
 * device keeps the inputs of steps at fixed addresses, so that it can replay a recorded step of the
 * same shape instead of launching each operation. This class, for engines that compute in this
 * process, runs each step's operations.
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
   * @param positions position of each token in its text, {@code (N)}
   * @param slots cache slots for the tokens' keys and values, {@code (N)}
   * @param branches for each text a query, and the cache slots that its token sees, its own last
   */
  public record Tokens(int[] ids, int[] positions, int[] slots, List<Branch> branches) {}

  /**
   * The inputs of one step, with N as {@link #rows} says.
   *
   * @param ids {@code (N)}
   * @param positions position of each token in its text, {@code (N)}
   * @param slots cache slots for the tokens' keys and values, {@code (N)}; equal only in repeated
   *     rows
   * @param mask of one query a row
   */
  public record Inputs(Indices ids, Indices positions, Indices slots, AttentionMask mask) {}

  /** Rows N of a step for {@code texts} texts; rows beyond that number repeat the first. */
  public int rows(int texts) {
    return texts;
  }

  /**
   * Runs a step.
   *
   * @param over tensors of the operations that another step may replace by others; tensors that the
   *     engine's user closes and opens again need not be listed
   * @param operations engine operations on the given inputs and on tensors alone: they may neither
   *     depend on other state of this process nor change it
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

  /** Frees the memory kept for further steps. Idempotent. */
  @Override
  public void close() {
    // this class keeps none
  }
}
