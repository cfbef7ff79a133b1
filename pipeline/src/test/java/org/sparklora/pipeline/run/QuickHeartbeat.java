package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Locks are renewed, and watched, two hundred times as fast as usual. */
public final class QuickHeartbeat implements BeforeAllCallback, AfterAllCallback {
  private static final long BEAT_MILLIS = 50;

  @Override
  public void beforeAll(ExtensionContext context) {
    System.setProperty(Heartbeat.PROPERTY, Long.toString(BEAT_MILLIS));
  }

  @Override
  public void afterAll(ExtensionContext context) {
    System.clearProperty(Heartbeat.PROPERTY);
  }

  /**
   * A run elsewhere that renews a lock until this is closed.
   *
   * @param slow how much its clock is behind this machine's
   */
  static ScheduledExecutorService beating(Path lock, Duration slow) {
    AtomicLong beats = new AtomicLong();
    Instant first = Instant.now().minus(slow);
    ScheduledExecutorService heart = Executors.newSingleThreadScheduledExecutor();
    heart.scheduleAtFixedRate(
        () -> {
          try {
            Instant sign = first.plusMillis(BEAT_MILLIS * beats.getAndIncrement());
            Files.setLastModifiedTime(lock, FileTime.from(sign));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        0,
        BEAT_MILLIS,
        TimeUnit.MILLISECONDS);
    return heart;
  }
}
