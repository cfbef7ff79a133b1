package org.sparklora.pipeline.run;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Whether this process was told to stop, and what it says then. Signals are the process's, so this
 * is too. Thread-safe.
 */
public final class Interruption {
  private static final Supplier<String> USUAL =
      () -> "Interrupted; nothing was written: run it again";

  /** What else stops the work of a thread. */
  private static final ThreadLocal<BooleanSupplier> OF_THREAD =
      ThreadLocal.withInitial(() -> () -> false);

  private static volatile boolean requested;
  private static volatile Supplier<String> remark = USUAL;

  private Interruption() {}

  /**
   * From now on this is what a command that is stopped says.
   *
   * @param sentence how far it came, and what to do
   */
  public static void tell(Supplier<String> sentence) {
    remark = sentence;
  }

  /** The command has ended. */
  public static void forget() {
    remark = USUAL;
  }

  /** The process is to stop. */
  public static void request() {
    requested = true;
  }

  /** What was to stop has, and the process goes on. */
  public static void withdraw() {
    requested = false;
  }

  /** Whether it is. */
  public static boolean isRequested() {
    return requested;
  }

  /**
   * Works in this thread for as long as it is wanted.
   *
   * @param stopped whether it is not: {@link #check} asks
   */
  public static <T> T heeding(BooleanSupplier stopped, Supplier<T> work) {
    OF_THREAD.set(stopped);
    try {
      return work.get();
    } finally {
      OF_THREAD.remove();
    }
  }

  /**
   * For loops that nothing else stops.
   *
   * @throws CancellationException if the process is to stop, the thread was interrupted, or its
   *     work is not wanted any more
   */
  public static void check() {
    if (requested || Thread.currentThread().isInterrupted() || OF_THREAD.get().getAsBoolean()) {
      throw new CancellationException(message());
    }
  }

  /** What is said. */
  public static String message() {
    return remark.get();
  }
}
