package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * Closes an answer's body in which nothing comes for a while, so that its reader wakes up: {@code
 * HttpRequest}'s own timeout ends where the body begins.
 */
final class StallGuard implements AutoCloseable {
  private static final ScheduledExecutorService WATCH =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "spark-lora-hub-stalls");
            thread.setDaemon(true);
            return thread;
          });

  private final InputStream body;
  private final ScheduledFuture<?> watching;
  private volatile long lastNanos = System.nanoTime();

  private StallGuard(InputStream body, Duration timeout) {
    this.body = body;
    long nanos = timeout.toNanos();
    this.watching =
        WATCH.scheduleWithFixedDelay(
            () -> closeIfSilentFor(nanos), nanos / 4, nanos / 4, TimeUnit.NANOSECONDS);
  }

  static StallGuard of(InputStream body, Duration timeout) {
    return new StallGuard(body, timeout);
  }

  /** Something came. */
  void alive() {
    lastNanos = System.nanoTime();
  }

  private void closeIfSilentFor(long nanos) {
    if (System.nanoTime() - lastNanos > nanos) {
      closeBody();
    }
  }

  private void closeBody() {
    try {
      body.close();
    } catch (IOException e) {
      // it is given up anyway
    }
  }

  /** Ends the watch, and closes the body. */
  @Override
  public void close() {
    watching.cancel(false);
    closeBody();
  }
}
