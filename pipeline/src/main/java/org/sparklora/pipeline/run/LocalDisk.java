package org.sparklora.pipeline.run;

import java.io.IOException;
import org.apache.hadoop.fs.FSError;

/**
 * Turns {@link FSError}, by which Hadoop's local file system reports a full disk, into an {@link
 * IOException}, for which callers have a message with a remedy.
 */
final class LocalDisk {
  private LocalDisk() {}

  /** Reads or writes through a Hadoop file system. */
  @FunctionalInterface
  interface Work {
    void run() throws IOException;
  }

  static void use(Work work) throws IOException {
    try {
      work.run();
    } catch (FSError e) {
      throw new IOException(e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
    }
  }
}
