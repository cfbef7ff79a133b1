package org.sparklora.spark.track;

import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A sink whose failures never reach the run. After a first one it is told nothing any more, until
 * the end of the run, when all rows are tried once again.
 *
 * <p>Not thread-safe.
 */
public final class TolerantSink {
  private static final Logger LOG = LoggerFactory.getLogger(TolerantSink.class);

  private final String name;
  private final String remedy;
  private final Sink.Opener opener;
  private final List<TrackedRow> rows = new ArrayList<>();
  private Optional<Sink> sink = Optional.empty();

  /**
   * @param name the tracker's
   * @param remedy what the user can do when it fails to the end
   */
  TolerantSink(String name, String remedy, Sink.Opener opener) {
    this.name = name;
    this.remedy = remedy;
    this.opener = opener;
  }

  private interface Attempt {
    void run() throws IOException, SQLException;
  }

  /** The run begins, or goes on with these rows. */
  public void begin(List<TrackedRow> earlier) {
    rows.addAll(earlier);
    attempt(this::replay, "it is tried again when the run ends");
  }

  private void replay() throws IOException, SQLException {
    sink = Optional.of(opener.open());
    sink.get().replay(rows);
  }

  void append(TrackedRow row) {
    rows.add(row);
    if (sink.isPresent()) {
      attempt(() -> sink.get().append(row), "it is tried again when the run ends");
    }
  }

  /**
   * The run has ended.
   *
   * @return whether the tracker knows all of it
   */
  public boolean end() {
    if (sink.isEmpty()) {
      attempt(this::replay, remedy);
    }
    boolean whole = sink.isPresent();
    attempt(() -> drop(), remedy);
    return whole;
  }

  private void drop() throws IOException, SQLException {
    if (sink.isPresent()) {
      Sink closing = sink.get();
      sink = Optional.empty();
      closing.close();
    }
  }

  private void attempt(Attempt attempt, String then) {
    try {
      attempt.run();
    } catch (IOException | SQLException | RuntimeException | LinkageError e) {
      // LinkageError: a native library that could not be unpacked
      LOG.warn("{} cannot be told of this run ({}): {}", name, e.getMessage(), then);
      try {
        drop();
      } catch (IOException | SQLException | RuntimeException closing) {
        LOG.debug("{} cannot be closed either", name, closing);
      }
    }
  }
}
