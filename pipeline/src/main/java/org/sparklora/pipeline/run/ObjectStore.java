package org.sparklora.pipeline.run;

import java.util.Set;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * Tells object stores from file systems, which Hadoop's interface does not.
 *
 * <p>In an object store ({@code s3a://}, {@code gs://}, {@code abfs://}) a file is visible only
 * once it is closed, the last writer to close wins, times cannot be set, and a folder is renamed
 * file by file. Listings show all files written before. HDFS over HTTP (WebHDFS, HttpFS) counts as
 * a store: it reports an existing file only when the new one is closed, and shows no flushed rows.
 */
final class ObjectStore {
  /** Schemes of file systems with exclusive creation, settable times and visible flushes. */
  private static final Set<String> FILE_SYSTEMS = Set.of("file", "hdfs", "viewfs");

  private ObjectStore() {}

  /** Whether a file system is, or may be, an object store; unknown kinds count as stores. */
  static boolean is(FileSystem fileSystem) {
    return !(fileSystem instanceof RawLocalFileSystem
        || fileSystem instanceof LocalFileSystem
        || FILE_SYSTEMS.contains(fileSystem.getUri().getScheme()));
  }
}
