package org.sparklora.prep.source;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;

/**
 * A data file as it was found.
 *
 * @param path qualified path
 * @param bytes its size
 * @param modifiedMillis when it was last changed, in milliseconds since 1970; 0 where the path
 *     names a commit
 * @param downloaded whether it lies in the driver's cache of the hub, which executors on other
 *     machines do not see
 */
public record DatasetFile(
    String path, long bytes, long modifiedMillis, FileFormat format, boolean downloaded)
    implements Serializable {

  boolean gzip() {
    return FileFormat.isGzip(path);
  }

  /** The same contents at another place, which everybody sees. */
  DatasetFile at(String place) {
    return new DatasetFile(place, bytes, modifiedMillis, format, false);
  }

  Path hadoopPath() {
    return new Path(path);
  }
}
