package org.sparklora.pipeline.run;

import java.io.IOException;
import org.apache.hadoop.fs.FSError;

/**
 * Hadoop's local file system reports a full disk as an {@link FSError}, which is no {@link
 * IOException} and passes by all who would say what to do. Here it becomes one.
 */
final class LocalDisk {
  private LocalDisk() {}

  /** What reads or writes by a Hadoop file system. */
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
