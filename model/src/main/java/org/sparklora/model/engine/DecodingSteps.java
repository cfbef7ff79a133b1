package org.sparklora.model.engine;

import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
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
   * @param positions position of each token in its text, or its row in rotary tables, {@code (N)}
   * @param slots the tokens' slots in the caches of layers, by the layers' window
   */
  public record Tokens(int[] ids, int[] positions, SortedMap<Integer, Slots> slots) {}

  /**
   * Slots in the cache of layers with one window.
   *
   * @param own for the tokens' keys and values, {@code (N)}
   * @param branches for each text a query, and only the slots that its token sees, its own last
   */
  public record Slots(int[] own, List<Branch> branches) {}

  /** Inputs of one step: {@link Tokens} in the engine's memory, with N as {@link #rows} says. */
  public record Inputs(Indices ids, Indices positions, SortedMap<Integer, InMemory> slots) {}

  /** Slots in the engine's memory, equal only in repeated rows, with a mask of one query a row. */
  public record InMemory(Indices own, AttentionMask mask) implements AutoCloseable {
    @Override
    public void close() {
      own.close();
      mask.close();
    }
  }

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
    SortedMap<Integer, InMemory> slots = new TreeMap<>();
    try (Indices ids = indices(tokens.ids);
        Indices positions = indices(tokens.positions)) {
      for (Map.Entry<Integer, Slots> entry : tokens.slots.entrySet()) {
        Slots of = entry.getValue();
        slots.put(entry.getKey(), new InMemory(indices(of.own), kernels.mask(of.branches)));
      }
      operations.accept(new Inputs(ids, positions, slots));
    } finally {
      slots.values().forEach(InMemory::close);
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
