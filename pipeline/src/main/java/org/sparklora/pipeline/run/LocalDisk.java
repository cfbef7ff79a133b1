package org.sparklora.pipeline.run;

import java.io.IOException;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.util.functional.InvocationRaisingIOE;

/**
 * Turns {@link FSError}, by which Hadoop's local file system reports a full disk, into an {@link
 * IOException}, for which callers have a message with a remedy.
 */
final class LocalDisk {
  private LocalDisk() {}

  /** Reads or writes through a Hadoop file system. */
  static void use(InvocationRaisingIOE work) throws IOException {
    try {
      work.apply();
    } catch (FSError e) {
      throw new IOException(e.getCause() == null ? e.getMessage() : e.getCause().getMessage(), e);
    }
  }
}
