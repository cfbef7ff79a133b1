package org.sparklora.observe.track;

import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.observe.track.sink.Sink;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wraps a sink so that its failures never reach the run. After a failure it pauses for a minute,
 * twice as long after each further failure; then, and at the end of the run, it sends all rows
 * again.
 *
 * <p>Not thread-safe.
 */
final class TolerantSink {
  private static final Logger LOG = LoggerFactory.getLogger(TolerantSink.class);
  private static final long FIRST_PAUSE_NANOS = 60_000_000_000L;
  private static final String LATER = "it is tried again after a while, and when the run ends";

  private final String name;
  private final String remedy;
  private final Sink.Opener opener;
  private final List<TrackedRow> rows = new ArrayList<>();
  private final LongSupplier nanoTime;
  private Optional<Sink> sink = Optional.empty();
  private long pauseNanos = FIRST_PAUSE_NANOS;
  private long failedNanos;
  private boolean warned;

  /**
   * @param name the tracker's name
   * @param remedy tells the user what to do if the last attempt fails
   */
  TolerantSink(String name, String remedy, Sink.Opener opener) {
    this(name, remedy, opener, System::nanoTime);
  }

  TolerantSink(String name, String remedy, Sink.Opener opener, LongSupplier nanoTime) {
    this.name = name;
    this.remedy = remedy;
    this.opener = opener;
    this.nanoTime = nanoTime;
  }

  String name() {
    return name;
  }

  String remedy() {
    return remedy;
  }

  private interface Attempt {
    void run() throws IOException, SQLException;
  }

  /** Begins a run, or resumes it with its earlier rows. */
  void begin(List<TrackedRow> earlier) {
    rows.addAll(earlier);
    attempt(this::replay, false);
  }

  private void replay() throws IOException, SQLException {
    sink = Optional.of(opener.open());
    sink.get().replay(rows);
  }

  /** Adds a row. */
  void append(TrackedRow row) {
    rows.add(row);
    if (sink.isPresent()) {
      attempt(() -> sink.get().append(row), false);
    } else if (nanoTime.getAsLong() - failedNanos >= pauseNanos) {
      pauseNanos *= 2;
      attempt(this::replay, false);
    }
  }

  /**
   * Ends the run.
   *
   * @return whether the tracker has all rows
   */
  boolean end() {
    if (sink.isEmpty()) {
      attempt(this::replay, true);
    }
    if (sink.isPresent()) {
      attempt(() -> sink.get().end(rows), true);
    }
    boolean whole = sink.isPresent();
    attempt(() -> drop(), true);
    return whole;
  }

  private void drop() throws IOException, SQLException {
    if (sink.isPresent()) {
      Sink closing = sink.get();
      sink = Optional.empty();
      closing.close();
    }
  }

  private void attempt(Attempt attempt, boolean last) {
    try {
      attempt.run();
    } catch (IOException | SQLException | RuntimeException | LinkageError e) {
      // LinkageError: a native library that could not be unpacked
      failedNanos = nanoTime.getAsLong();
      if (last || !warned) {
        warned = true;
        LOG.warn(
            "{} cannot be told of this run ({}): {}", name, e.getMessage(), last ? remedy : LATER);
      }
      try {
        drop();
      } catch (IOException | SQLException | RuntimeException closing) {
        LOG.debug("{} cannot be closed either", name, closing);
      }
    }
  }
}
