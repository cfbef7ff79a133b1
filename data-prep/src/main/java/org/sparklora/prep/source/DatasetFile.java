package org.sparklora.prep.source;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;

/**
 * A data file of a dataset.
 *
 * @param path qualified path
 * @param bytes size of the file
 * @param downloaded whether the file is in the driver's cache of the hub; such a path names a
 *     commit and is invisible to executors on other machines
 */
public record DatasetFile(String path, long bytes, FileFormat format, boolean downloaded)
    implements Serializable {

  boolean gzip() {
    return FileFormat.isGzip(path);
  }

  /** This file at another place, which all machines see. */
  DatasetFile at(String place) {
    return new DatasetFile(place, bytes, format, false);
  }

  public Path hadoopPath() {
    return new Path(path);
  }
}
