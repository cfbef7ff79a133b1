package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;

/**
 * Reads an answer of a server that may be slow, broken or hostile: {@code HttpRequest}'s own
 * timeout ends where the body begins, and nothing of the JDK's bounds its length.
 */
public final class BoundedBody {
  /** Longer than any answer of a server's interface; files are read otherwise. */
  public static final int MOST_BYTES = 64 << 20;

  private BoundedBody() {}

  /**
   * A whole body, which is closed then.
   *
   * @param most bytes
   * @param deadline for all of it
   * @throws IOException also if it is longer, or has not ended then
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
   * The first bytes of a body, which is closed then.
   *
   * @param count at most so many; the body may be shorter
   * @param deadline for all of them
   * @throws IOException also if they have not come then
   */
  public static byte[] front(InputStream body, int count, Duration deadline) throws IOException {
    try (StallGuard guard = StallGuard.deadline(body, deadline)) {
      try {
        byte[] bytes = body.readNBytes(count);
        if (!guard.hasClosed()) { // else it only seems to have ended
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
