package org.sparklora.model.engine;

/**
 * Memory of this process that somebody else owns, as a tensor of an engine: the memory itself where
 * the engine computes in this process, and else a copy on its device. Whoever uses it need not know
 * which: what is computed into the tensor is in the memory after one {@link #writeBack}, and {@link
 * #close} frees what was copied.
 *
 * @param tensor valid until this is closed, and as long as the memory is
 * @param bringing brings the tensor to the memory where it is not the memory itself
 */
public record HostAlias(Tensor tensor, Runnable bringing) implements AutoCloseable {

  /**
   * Brings what was computed in the tensor to the memory. Waits for it, and so for every {@link
   * Arrival} that is on its way.
   */
  public void writeBack() {
    bringing.run();
  }

  /** Leaves the memory to its owner. Idempotent. */
  @Override
  public void close() {
    tensor.close();
  }
}
