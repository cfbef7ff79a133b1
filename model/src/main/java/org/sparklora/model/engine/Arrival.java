package org.sparklora.model.engine;

/**
 * Numbers that an engine was asked to bring to this process, and that a device may have yet to
 * compute.
 */
@FunctionalInterface
public interface Arrival<T> {
  /**
   * The numbers, the same at every call. Waits until they are here, and with them all that the
   * engine was asked for before: of several that are on their way only the first waits.
   */
  T await();
}
