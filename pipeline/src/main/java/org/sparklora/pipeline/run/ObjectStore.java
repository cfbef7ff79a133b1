package org.sparklora.pipeline.run;

import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * What can be relied on of a file system, which Hadoop's interface does not tell.
 *
 * <p>In a store of objects ({@code s3a://}, {@code gs://}, {@code abfs://}) a file shows only when
 * it is closed, is replaced by whoever closes last, has the time at which it was written, and a
 * folder is renamed file by file. Listings show all that was written before.
 */
final class ObjectStore {
  /** File systems that create exclusively, set times and show what is flushed. */
  private static final Set<String> FILE_SYSTEMS =
      Set.of("file", "hdfs", "webhdfs", "swebhdfs", "viewfs");

  private ObjectStore() {}

  /** Whether no more than that is promised; of a kind that is not known, nothing else is. */
  static boolean is(FileSystem fileSystem) {
    return !(fileSystem instanceof RawLocalFileSystem
        || fileSystem instanceof LocalFileSystem
        || FILE_SYSTEMS.contains(fileSystem.getUri().getScheme()));
  }
}
