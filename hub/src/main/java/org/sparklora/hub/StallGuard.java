package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Closes a response's body that delivers too few bytes in a time window, so that a blocked reader
 * wakes up: {@code HttpRequest}'s timeout does not cover the body.
 */
final class StallGuard implements AutoCloseable {
  /** Bytes a second; a slower body is closed. */
  private static final long SLOWEST = 1000;

  private static final ScheduledExecutorService WATCH =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "spark-lora-hub-stalls");
            thread.setDaemon(true);
            return thread;
          });

  private final InputStream body;
  private final ScheduledFuture<?> watching;
  private final AtomicLong came = new AtomicLong(); // bytes since the last check
  private volatile boolean closed;

  private StallGuard(InputStream body, Duration window, long least) {
    this.body = body;
    this.watching =
        WATCH.scheduleAtFixedRate(
            () -> closeUnless(least), window.toNanos(), window.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Guards a body of any length: it is closed if a window brings less than {@link #SLOWEST}. */
  static StallGuard of(InputStream body, Duration window) {
    return new StallGuard(body, window, Math.max(1, SLOWEST * window.toMillis() / 1000));
  }

  /** Guards a body that must end before the deadline. */
  static StallGuard deadline(InputStream body, Duration deadline) {
    return new StallGuard(body, deadline, Long.MAX_VALUE);
  }

  /** Counts bytes that arrived. */
  void alive(long bytes) {
    came.addAndGet(bytes);
  }

  private void closeUnless(long least) {
    if (came.getAndSet(0) < least) {
      closed = true;
      closeBody();
    }
  }

  /** Whether this guard closed the body as too slow. */
  boolean hasClosed() {
    return closed;
  }

  private void closeBody() {
    try {
      body.close();
    } catch (IOException e) {
      // the body is given up anyway
    }
  }

  /** Stops the checks and closes the body. */
  @Override
  public void close() {
    watching.cancel(false);
    closeBody();
  }
}
