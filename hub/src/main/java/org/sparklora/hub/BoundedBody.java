package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The body of a response of a server that may be slow, broken or hostile: {@code HttpRequest}'s
 * timeout does not cover the body, and the JDK does not bound the body's length. A body that
 * delivers too few bytes in a time window is closed, so that a blocked reader wakes up.
 */
public final class BoundedBody implements AutoCloseable {
  /** The longest body of an API response; downloads of files have no such bound. */
  public static final int MOST_BYTES = 64 << 20;

  /** Bytes a second; a slower download is closed. */
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
  private volatile boolean closed; // by the check

  private BoundedBody(InputStream body, Duration window, long least) {
    this.body = body;
    this.watching =
        WATCH.scheduleAtFixedRate(
            () -> closeUnless(least), window.toNanos(), window.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Guards a body of any length: it is closed if a window brings less than {@link #SLOWEST}. */
  static BoundedBody ofDownload(InputStream body, Duration window) {
    return new BoundedBody(body, window, Math.max(1, SLOWEST * window.toMillis() / 1000));
  }

  /**
   * Reads a whole body and closes it.
   *
   * @param most the largest length in bytes
   * @param deadline for the whole body
   * @throws IOException also if the body is longer, or does not end before the deadline
   */
  public static byte[] read(InputStream body, int most, Duration deadline) throws IOException {
    byte[] bytes = front(body, most + 1, deadline);
    if (bytes.length > most) {
      throw new IOException(
          String.format(Locale.ROOT, "the answer is longer than %,d bytes", most));
    }
    return bytes;
  }

  /**
   * Reads the first bytes of a body and closes it.
   *
   * @param count the largest number of bytes; the body may be shorter
   * @param deadline for all the bytes
   * @throws IOException also if the bytes do not arrive before the deadline
   */
  public static byte[] front(InputStream body, int count, Duration deadline) throws IOException {
    try (BoundedBody guard = new BoundedBody(body, deadline, Long.MAX_VALUE)) {
      try {
        byte[] bytes = body.readNBytes(count);
        if (!guard.closed) { // a body that the guard closed seems to end here
          return bytes;
        }
      } catch (IOException e) {
        if (!guard.closed) {
          throw e;
        }
      }
      throw new HttpTimeoutException(
          String.format(
              Locale.ROOT, "the answer did not end within %.1f s", deadline.toMillis() / 1000.0));
    }
  }

  /** Counts bytes that arrived. */
  void alive(long bytes) {
    came.addAndGet(bytes);
  }

  private void closeUnless(long least) {
    if (came.getAndSet(0) < least) {
      closed = true;
      discard(body);
    }
  }

  /** Closes a body that is not needed any more. */
  static void discard(InputStream body) {
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
    discard(body);
  }
}
