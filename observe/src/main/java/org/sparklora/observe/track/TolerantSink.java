package org.sparklora.observe.track;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * Wraps a sink so that its failures never reach the run. After a failure it pauses for a minute,
 * twice as long after each further failure; after the pause, after skipped rows and at the end of
 * the run it sends the whole log again. It keeps only the last row, and reads the others from the
 * log.
 *
 * <p>Not thread-safe, except for {@link #missing}.
 */
final class TolerantSink {
  private static final Logger LOG = LoggerFactory.getLogger(TolerantSink.class);
  private static final long FIRST_PAUSE_NANOS = 60_000_000_000L;
  private static final String LATER = "it is tried again after a while, and when the run ends";

  private final String name;
  private final String remedy;
  private final Sink.Opener opener;
  private final LongSupplier nanoTime;
  private Supplier<List<TrackedRow>> log = List::of;
  private Optional<Sink> sink = Optional.empty();
  private Optional<TrackedRow> last = Optional.empty();
  private long pauseNanos = FIRST_PAUSE_NANOS;
  private long failedNanos;
  private boolean warned;

  /** Number of rows, from the log's beginning, that the tracker has accepted. */
  private volatile long told;

  /**
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

  /** The rows of a log that the tracker has not accepted, if any, and the remedy. */
  String missing(long rows) {
    return told < rows
        ? "%s of %s rows are missing; %s".formatted(rows - told, rows, remedy)
        : remedy;
  }

  private interface Attempt {
    void run() throws IOException, SQLException;
  }

  /**
   * Begins a run, or resumes it with its earlier rows.
   *
   * @param rows number of earlier rows
   * @param log reads all rows of the log
   */
  void begin(long rows, Supplier<List<TrackedRow>> log) {
    this.log = log;
    attempt(() -> replay(rows), LATER);
  }

  /** Sends the whole log, which has at least this number of rows. */
  private void replay(long least) throws IOException, SQLException {
    drop();
    List<TrackedRow> rows = log.get();
    if (rows.size() < least) {
      throw new IOException("the log shows %s of %s rows so far".formatted(rows.size(), least));
    }
    sink = Optional.of(opener.open());
    sink.get().replay(rows);
    told = rows.size();
    last = rows.stream().reduce((earlier, later) -> later);
  }

  /** Adds a row, before which the log has {@code number} rows. */
  void append(long number, TrackedRow row) {
    if (sink.isPresent() && number == told) {
      attempt(
          () -> {
            sink.get().append(row);
            told = number + 1;
            last = Optional.of(row);
          },
          LATER);
    } else if (sink.isPresent() && number > told) {
      attempt(() -> replay(number + 1), LATER);
    } else if (sink.isEmpty() && nanoTime.getAsLong() - failedNanos >= pauseNanos) {
      pauseNanos *= 2;
      attempt(() -> replay(number + 1), LATER);
    } // else the log that was replayed had the row, or it is too early
  }

  /**
   * Ends the run.
   *
   * @param rows number of rows of the log
   * @return whether the tracker has all rows
   */
  boolean end(long rows) {
    if (sink.isEmpty() || told < rows) {
      attempt(() -> replay(rows), missing(rows));
    }
    if (sink.isPresent()) {
      attempt(() -> sink.get().end(last), missing(rows));
    }
    boolean whole = sink.isPresent();
    return attempt(this::drop, missing(rows)) && whole;
  }

  private void drop() throws IOException, SQLException {
    if (sink.isPresent()) {
      Sink closing = sink.get();
      sink = Optional.empty();
      closing.close();
    }
  }

  /**
   * @param outlook the end of a failure's message; failures with {@link #LATER} are logged once
   * @return whether the attempt succeeded
   */
  private boolean attempt(Attempt attempt, String outlook) {
    try {
      attempt.run();
      return true;
    } catch (IOException | SQLException | RuntimeException | LinkageError e) {
      // LinkageError: a native library that could not be unpacked
      failedNanos = nanoTime.getAsLong();
      if (!outlook.equals(LATER) || !warned) {
        warned = true;
        LOG.warn("{} cannot be told of this run ({}): {}", name, e.getMessage(), outlook);
      }
      try {
        drop();
      } catch (IOException | SQLException | RuntimeException closing) {
        LOG.debug("{} cannot be closed either", name, closing);
      }
      return false;
    }
  }
}
