package org.sparklora.spark.cli;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.SparkSessions;

/**
 * Ends a command that is told to stop, by Ctrl-C or by a scheduler: its Spark jobs are cancelled,
 * the command gives back what it holds, and one line says how to go on. The exit code is the
 * shell's for a signal: 130 for SIGINT, 143 for SIGTERM. A second signal ends at once.
 *
 * <p>Shutdown hooks would come too late: Spark's own would stop the session under the command,
 * which would fail with traces of that. So would a session that is stopped here, and a job that the
 * command submits just then would never end: Spark drops it silently.
 */
final class Signals {
  private static final int EXIT_CODE_OF_SIGNAL = 128;
  private static final Map<String, Integer> SIGNALS = Map.of("HUP", 1, "INT", 2, "TERM", 15);

  /**
   * For what is being computed or written, and for closing folders; a lock is given back anyway.
   */
  private static final long PATIENCE_MILLIS = 10_000;

  /** Without Spark nothing makes a command stop in the midst of computing. */
  private static final long PATIENCE_WITHOUT_SPARK_MILLIS = 1_000;

  private static final long LOOK_MILLIS = 50;

  private static final CountDownLatch ENDED = new CountDownLatch(1);

  private Signals() {}

  /**
   * From now on signals end this process in that way. Java's only way to signals, sun.misc.Signal,
   * cannot be named in a source without a warning that the build takes for an error.
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
      // a JVM without them, or one that was told to leave them alone (-Xrs), ends as it does
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

  /** Cancels again and again: the command may be about to submit a job. */
  private static void awaitEnd() throws InterruptedException {
    long start = System.nanoTime();
    long patience;
    do {
      patience = SparkSessions.cancelJobs() ? PATIENCE_MILLIS : PATIENCE_WITHOUT_SPARK_MILLIS;
    } while (!ENDED.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)
        && System.nanoTime() - start < TimeUnit.MILLISECONDS.toNanos(patience));
  }

  /** The command has ended. After a signal the process ends with the signal's exit code. */
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
