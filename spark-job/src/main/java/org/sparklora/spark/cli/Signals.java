package org.sparklora.spark.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.SparkSessions;

/**
 * Ends a command on a signal of Ctrl-C or a scheduler: cancels its Spark jobs, lets the command
 * release its resources, and prints one line on how to go on. The exit code is the shell's for a
 * signal: 130 for SIGINT, 143 for SIGTERM. A second signal ends at once.
 *
 * <p>Shutdown hooks would run too late: Spark's own hook would stop the session while the command
 * uses it, which would fail with stack traces. Stopping the session here would do the same, and a
 * job that the command submits just then would never end: Spark drops it silently.
 */
final class Signals {
  private static final int EXIT_CODE_OF_SIGNAL = 128;
  private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

  /** Time to finish computing or writing, and to close folders; a lock is released anyway. */
  private static final long PATIENCE_MILLIS = 10_000;

  /** Shorter without Spark, since no cancelled job ends a computation then. */
  private static final long PATIENCE_WITHOUT_SPARK_MILLIS = 1_000;

  private static final long LOOK_MILLIS = 50;

  private static final CountDownLatch ENDED = new CountDownLatch(1);

  private Signals() {}

  /**
   * Handles signals from now on. Java's only API for signals, sun.misc.Signal, cannot be named in a
   * source without a warning that the build treats as an error.
   */
  static void listen() {
    try {
      Class<?> type = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      Method handle = type.getMethod("handle", type, handler);
      for (Map.Entry<String, Integer> signal : SIGNALS.entrySet()) {
        handle.invoke(
            null,
            type.getConstructor(String.class).newInstance(signal.getKey()),
            Proxy.newProxyInstance(
                handler.getClassLoader(),
                new Class<?>[] {handler},
                (proxy, method, arguments) -> {
                  stop(signal.getValue());
                  return null;
                }));
      }
    } catch (ReflectiveOperationException e) {
      // a JVM without sun.misc.Signal, or started with -Xrs, ends in its own way
    }
  }

  private static void stop(int signal) {
    if (Interruption.isRequested()) {
      Runtime.getRuntime().halt(EXIT_CODE_OF_SIGNAL + signal);
    }
    Interruption.request();
    try {
      awaitEnd();
      System.err.println("spark-lora: " + Interruption.message());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      System.exit(EXIT_CODE_OF_SIGNAL + signal);
    }
  }

  /** Cancels jobs repeatedly until the command ends, since it may be about to submit another. */
  private static void awaitEnd() throws InterruptedException {
    long start = System.nanoTime();
    long patience;
    do {
      patience = SparkSessions.cancelJobs() ? PATIENCE_MILLIS : PATIENCE_WITHOUT_SPARK_MILLIS;
    } while (!ENDED.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)
        && System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(patience));
  }

  /** Notes that the command has ended. After a signal, waits for the process to exit. */
  static void commandEnded() {
    ENDED.countDown();
    while (Interruption.isRequested()) {
      try {
        Thread.sleep(Long.MAX_VALUE);
      } catch (InterruptedException e) {
        // the process ends any moment
      }
    }
  }
}
