package org.sparklora.prep.source;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;

/**
 * A data file as it was found.
 *
 * @param path qualified path
 * @param bytes its size
 * @param downloaded whether it lies in the driver's cache of the hub, where its path names a commit
 *     and which executors on other machines do not see
 */
public record DatasetFile(String path, long bytes, FileFormat format, boolean downloaded)
    implements Serializable {

  boolean gzip() {
    return FileFormat.isGzip(path);
  }

  /** The same contents at another place, which everybody sees. */
  DatasetFile at(String place) {
    return new DatasetFile(place, bytes, format, false);
  }

  /** The path as Hadoop has it. */
  public Path hadoopPath() {
    return new Path(path);
  }
}
