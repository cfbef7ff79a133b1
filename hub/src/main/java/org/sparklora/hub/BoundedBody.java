package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;

/**
 * Reads a response of a server that may be slow, broken or hostile: {@code HttpRequest}'s timeout
 * does not cover the body, and the JDK does not bound the body's length.
 */
public final class BoundedBody {
  /** The longest body of an API response; downloads of files have no such bound. */
  public static final int MOST_BYTES = 64 << 20;

  private BoundedBody() {}

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
    try (StallGuard guard = StallGuard.deadline(body, deadline)) {
      try {
        byte[] bytes = body.readNBytes(count);
        if (!guard.hasClosed()) { // a body that the guard closed seems to end here
          return bytes;
        }
      } catch (IOException e) {
        if (!guard.hasClosed()) {
          throw e;
        }
      }
      throw new HttpTimeoutException(
          String.format(
              Locale.ROOT, "the answer did not end within %.1f s", deadline.toMillis() / 1000.0));
    }
  }
}
