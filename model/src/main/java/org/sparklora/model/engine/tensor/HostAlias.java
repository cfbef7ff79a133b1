package org.sparklora.model.engine.tensor;

/**
 * A tensor of an engine over host memory that the tensor does not own: the memory itself if the
 * engine computes in this process, else a copy on its device. In both cases {@link #writeBack}
 * makes the memory equal to the tensor, and {@link #close} frees the copy, if any.
 *
 * @param tensor valid until this alias is closed or the memory is freed
 * @param bringing copies the tensor to the memory; does nothing if the tensor is the memory itself
 */
public record HostAlias(Tensor tensor, Runnable bringing) implements AutoCloseable {

  /** Copies the tensor to the memory; waits for that, and so for every pending {@code Arrival}. */
  public void writeBack() {
    bringing.run();
  }

  /** Frees the copy on the device, never the memory itself. Idempotent. */
  @Override
  public void close() {
    tensor.close();
  }
}
