package org.sparklora.observe.track.sink;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;

/** Sends one run to a tracker. Not thread-safe. */
public interface Sink extends AutoCloseable {

  /** Makes the tracker show exactly these rows of the run, whatever it showed before. */
  void replay(List<TrackedRow> rows) throws IOException, SQLException;

  void append(TrackedRow row) throws IOException, SQLException;

  /**
   * Ends the run: no more rows follow, and the run's folder has all results.
   *
   * @param last the last row; empty for a run without rows
   */
  default void end(Optional<TrackedRow> last) throws IOException, SQLException {}

  @Override
  void close() throws IOException, SQLException;

  /** Opens a sink; called again after the opened sink failed. */
  @FunctionalInterface
  interface Opener {
    Sink open() throws IOException, SQLException;
  }
}
