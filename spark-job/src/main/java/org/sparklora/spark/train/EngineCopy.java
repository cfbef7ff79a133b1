package org.sparklora.spark.train;

import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.HostAlias;
import org.sparklora.model.engine.NativeMemory;
import org.sparklora.model.engine.Tensor;

/**
 * Float32 numbers where an engine computes: in place, or a copy on its device that stays from use
 * to use. It crosses a bus when it is made, and back when its numbers are newer than the memory's
 * and somebody asks for them.
 *
 * <p>Thread-safe.
 */
final class EngineCopy implements AutoCloseable {
  private Engine engine; // null while there is none
  private HostAlias copy; // likewise
  private boolean isNewer; // than the memory; never where it is the memory

  /**
   * The tensor on an engine; what another engine has is brought first.
   *
   * @param isZeros whether the memory holds nothing but zeros, which need not be sent
   */
  synchronized Tensor on(Engine wanted, NativeMemory memory, boolean isZeros) {
    if (engine != wanted) {
      boolean zeros = isZeros && !isNewer;
      bring();
      close();
      long size = memory.bytes() / Float.BYTES;
      copy =
          zeros
              ? wanted.aliasOfZeros(memory.pointer(), size)
              : wanted.alias(memory.pointer(), size);
      engine = wanted;
    }
    return copy.tensor();
  }

  /** The tensor is being written to. */
  synchronized void changes() {
    isNewer = !engine.isInThisProcess();
  }

  /** Brings the numbers to the memory if they are newer; waits for what computes them. */
  synchronized void bring() {
    if (isNewer) {
      copy.writeBack();
      isNewer = false;
    }
  }

  /** Frees the copy; numbers that were not brought are lost. Idempotent. */
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
