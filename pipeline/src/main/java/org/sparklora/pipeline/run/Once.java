package org.sparklora.pipeline.run;

import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A value that is loaded by its first request. Only requests for this value wait while it is
 * loaded: a cache holds one object per key and need not be locked meanwhile. After a failure the
 * next request loads again. Thread-safe.
 */
public final class Once<V> {
  private volatile V value; // null until loaded

  /** The value, loaded by the first call. */
  public V get(Supplier<V> load) {
    return get(load, any -> true);
  }

  /** The value, loaded by the first call and by each that finds it outdated. */
  public synchronized V get(Supplier<V> load, Predicate<V> isUsable) {
    if (value == null || !isUsable.test(value)) {
      value = load.get();
    }
    return value;
  }

  /** The value if it is loaded; does not wait. */
  public Optional<V> loaded() {
    return Optional.ofNullable(value);
  }
}
