package org.sparklora.train.vector;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.HostAlias;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A float32 vector for an engine: in place in host memory, or cached as a copy on a device. The
 * copy is transferred when it is made, and written back when host memory is read and the copy is
 * newer.
 *
 * <p>Thread-safe.
 */
final class EngineCopy implements AutoCloseable {
  private Engine engine; // null if there is no copy
  private HostAlias copy; // null if engine is null
  private boolean isNewer; // the copy is newer than host memory; false if it is host memory

  /** The tensor on an engine, after a newer copy was written back; zeros need no transfer. */
  synchronized Tensor on(Engine wanted, NativeMemory memory, boolean isZeros) {
    if (engine != wanted) {
      bring();
      close();
      long size = memory.bytes() / Float.BYTES;
      copy =
          isZeros
              ? wanted.aliasOfZeros(memory.pointer(), size)
              : wanted.alias(memory.pointer(), size);
      engine = wanted;
    }
    return copy.tensor();
  }

  /** Notes that the engine writes to the tensor. */
  synchronized void changes() {
    isNewer = !engine.isInThisProcess();
  }

  /** Writes the copy back to host memory if it is newer; waits for the device. */
  synchronized void bring() {
    if (isNewer) {
      copy.writeBack();
      isNewer = false;
    }
  }

  /** Frees the copy; numbers that were not written back are lost. Idempotent. */
  @Override
  public synchronized void close() {
    if (copy != null) {
      copy.close();
    }
    copy = null;
    engine = null;
    isNewer = false;
  }
}
