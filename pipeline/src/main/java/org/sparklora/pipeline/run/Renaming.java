package org.sparklora.pipeline.run;

import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Renames a file or throws, where Hadoop's rename would return false. */
final class Renaming {
  private Renaming() {}

  static void rename(FileSystem fileSystem, Path from, Path to) throws IOException {
    if (!fileSystem.rename(from, to)) {
      throw new IOException("renaming %s to %s was refused".formatted(from, to));
    }
  }
}
