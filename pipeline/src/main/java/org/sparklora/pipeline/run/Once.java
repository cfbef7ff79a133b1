package org.sparklora.pipeline.run;

import java.util.Optional;
import java.util.function.Supplier;

/**
 * A value that is loaded when it is asked for first. Who asks for it while it is loaded waits, and
 * nobody else: a cache has one of these for each key, and is not locked while a value is loaded. A
 * failure is not kept; who asks next loads again. Thread-safe.
 */
public final class Once<V> {
  private volatile V value; // null until it is loaded

  /** The value, loaded by the first call. */
  public synchronized V get(Supplier<V> load) {
    if (value == null) {
      value = load.get();
    }
    return value;
  }

  /** The value if it was loaded; does not wait. */
  public Optional<V> loaded() {
    return Optional.ofNullable(value);
  }
}
