package org.sparklora.model.engine;

/** Numbers that an engine transfers to this process, and that a device may still be computing. */
@FunctionalInterface
public interface Arrival<T> {
  /**
   * Waits for this transfer and all earlier operations of the engine; returns the numbers, the same
   * at every call. Of several pending transfers only the first call waits.
   */
  T await();
}
