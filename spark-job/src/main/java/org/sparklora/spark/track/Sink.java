package org.sparklora.spark.track;

import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** A tracker that is being told of one run. Not thread-safe. */
interface Sink extends AutoCloseable {

  /** Makes the tracker show exactly these rows of the run, whatever it showed before. */
  void replay(List<TrackedRow> rows) throws IOException, SQLException;

  /** Adds a row. */
  void append(TrackedRow row) throws IOException, SQLException;

  /** No more rows come, and what results there are lie in the run's folder. */
  default void end(List<TrackedRow> rows) throws IOException, SQLException {}

  @Override
  void close() throws IOException, SQLException;

  /** Opens a sink; an opener can be used again when what it opened has failed. */
  @FunctionalInterface
  interface Opener {
    Sink open() throws IOException, SQLException;
  }
}
