package org.sparklora.pipeline.run;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Whether what a thread does was told to stop, and what it says then: by a signal, which is the
 * process's and stops all of it, or by whoever has the object of a run that is done {@link #during}
 * it. Thread-safe.
 */
public final class Interruption {
  private static final Supplier<String> USUAL =
      () -> "Interrupted; nothing was written: run it again";

  private static final Interruption OF_PROCESS = new Interruption();
  private static final ThreadLocal<Interruption> OF_THREAD =
      ThreadLocal.withInitial(() -> OF_PROCESS);

  /** What else stops the work of a thread. */
  private static final ThreadLocal<BooleanSupplier> HEEDED =
      ThreadLocal.withInitial(() -> () -> false);

  private volatile boolean requested;
  private volatile Supplier<String> remark = USUAL;

  /** What a thread does while it may be stopped. */
  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /** Does what {@link #stop} of this object stops, and of no other. */
  public <T, E extends Exception> T during(Work<T, E> work) throws E {
    Interruption before = OF_THREAD.get();
    OF_THREAD.set(this);
    try {
      return work.run();
    } finally {
      OF_THREAD.set(before);
    }
  }

  /** What is done during it is to stop. */
  public void stop() {
    requested = true;
  }

  /** The process is to stop. */
  public static void request() {
    OF_PROCESS.stop();
  }

  /**
   * From now on this is what is said if what this thread does is stopped, or the process.
   *
   * @param sentence how far it came, and what to do
   */
  public static void tell(Supplier<String> sentence) {
    OF_THREAD.get().remark = sentence;
    OF_PROCESS.remark = sentence; // a signal reaches a thread that does nothing else
  }

  /** Whether what this thread does is to stop. */
  public static boolean isRequested() {
    return OF_PROCESS.requested || OF_THREAD.get().requested;
  }

  /**
   * Works in this thread for as long as it is wanted.
   *
   * @param stopped whether it is not: {@link #check} asks
   */
  public static <T> T heeding(BooleanSupplier stopped, Supplier<T> work) {
    HEEDED.set(stopped);
    try {
      return work.get();
    } finally {
      HEEDED.remove();
    }
  }

  /**
   * For loops that nothing else stops.
   *
   * @throws CancellationException if it is to stop, the thread was interrupted, or its work is not
   *     wanted any more
   */
  public static void check() {
    if (isRequested() || Thread.currentThread().isInterrupted() || HEEDED.get().getAsBoolean()) {
      throw new CancellationException(message());
    }
  }

  /** What is said. */
  public static String message() {
    return OF_THREAD.get().remark.get();
  }
}
