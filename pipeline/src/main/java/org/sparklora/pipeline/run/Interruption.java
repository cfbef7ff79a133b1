package org.sparklora.pipeline.run;

import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * A request to stop work, and the message for it. A signal stops all work of the process; {@link
 * #stop} stops the work that runs {@link #during} this object. Thread-safe.
 */
public final class Interruption {
  private static final Supplier<String> USUAL =
      () -> "Interrupted; nothing was written: run it again";

  private static final Interruption OF_PROCESS = new Interruption();
  private static final ThreadLocal<Interruption> OF_THREAD =
      ThreadLocal.withInitial(() -> OF_PROCESS);

  /** A further condition that stops the work of a thread. */
  private static final ThreadLocal<BooleanSupplier> HEEDED =
      ThreadLocal.withInitial(() -> () -> false);

  private volatile boolean requested;
  private volatile Supplier<String> remark = USUAL;

  @FunctionalInterface
  public interface Work<T, E extends Exception> {
    T run() throws E;
  }

  /** Runs work that {@link #stop} of this object, and of no other object, stops. */
  public <T, E extends Exception> T during(Work<T, E> work) throws E {
    Interruption before = OF_THREAD.get();
    OF_THREAD.set(this);
    try {
      return work.run();
    } finally {
      OF_THREAD.set(before);
    }
  }

  /** Work for another thread, which stops when this thread's work is requested to stop. */
  public static <T> Callable<T> carried(Callable<T> work) {
    Interruption here = OF_THREAD.get();
    return () -> here.during(work::call);
  }

  /** Requests the work {@link #during} this object to stop. */
  public void stop() {
    requested = true;
  }

  /** Requests all work of the process to stop. */
  public static void request() {
    OF_PROCESS.stop();
  }

  /**
   * Sets the {@link #message} of this thread's work and of the process.
   *
   * @param sentence the progress so far, and what to do
   */
  public static void tell(Supplier<String> sentence) {
    OF_THREAD.get().remark = sentence;
    OF_PROCESS.remark = sentence; // a signal runs on another thread
  }

  /** Whether this thread's work or the process was requested to stop. */
  public static boolean isRequested() {
    return OF_PROCESS.requested || OF_THREAD.get().requested;
  }

  /** Runs work in this thread until a condition, which {@link #check} evaluates, stops it. */
  public static <T> T heeding(BooleanSupplier stopped, Supplier<T> work) {
    HEEDED.set(stopped);
    try {
      return work.get();
    } finally {
      HEEDED.remove();
    }
  }

  /**
   * Stops the work; to be called in loops that would not notice a request otherwise.
   *
   * @throws CancellationException if a stop was requested, the thread was interrupted, or the
   *     condition of {@link #heeding} holds
   */
  public static void check() {
    if (isRequested() || Thread.currentThread().isInterrupted() || HEEDED.get().getAsBoolean()) {
      throw new CancellationException(message());
    }
  }

  /** The message for stopped work of this thread. */
  public static String message() {
    return OF_THREAD.get().remark.get();
  }
}
