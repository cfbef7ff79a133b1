package org.sparklora.model.engine;

/**
 * Memory of this process that somebody else owns, as a tensor of an engine: the memory itself where
 * the engine computes in this process, and else a copy on its device. Whoever uses it need not know
 * which: what is computed into the tensor is in the memory after {@link #writeBack}, and {@link
 * #close} frees what was copied.
 */
public final class HostAlias implements AutoCloseable {
  private final HostTensor memory;
  private final Tensor tensor;
  private final boolean copied;

  HostAlias(HostTensor memory, Tensor tensor, boolean copied) {
    this.memory = memory;
    this.tensor = tensor;
    this.copied = copied;
  }

  /** Valid until this is closed, and as long as the memory is. */
  public Tensor tensor() {
    return tensor;
  }

  /** Brings what was computed in the tensor to the memory. */
  public void writeBack() {
    if (copied) {
      tensor.transferTo(memory);
    }
  }

  /** Leaves the memory to its owner. Idempotent. */
  @Override
  public void close() {
    tensor.close();
  }
}
