package org.sparklora.prep;

import java.io.IOException;
import java.util.UUID;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * A task's output file, written under a name of its attempt and then renamed: Spark may retry a
 * task, or run two attempts at once, and neither may disturb the other's file. Attempts write equal
 * contents, so the first file stays.
 */
public final class AttemptFile {

  private AttemptFile() {}

  /**
   * Writes {@code target}.
   *
   * @param scratch a folder on the file system of {@code target}; files of failed attempts may stay
   *     there
   * @param writer writes the file it is given and reports on it
   */
  public static <R> R write(
      Configuration configuration, Path scratch, Path target, Function<Path, R> writer) {
    Path attempt = new Path(scratch, "attempt-" + UUID.randomUUID() + "-" + target.getName());
    R report = writer.apply(attempt);
    try {
      FileSystem fileSystem = target.getFileSystem(configuration);
      fileSystem.mkdirs(target.getParent()); // HDFS does not rename into a folder that is missing
      if (fileSystem.exists(target) || !fileSystem.rename(attempt, target)) {
        if (!fileSystem.exists(target)) {
          throw new IOException("renaming was refused");
        }
        fileSystem.delete(attempt, false);
      }
      return report;
    } catch (IOException e) {
      throw TableException.unwritten(target, e);
    }
  }
}
