package org.sparklora.prep.source;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;

/**
 * A data file of a dataset.
 *
 * @param path qualified path; its ending tells the format
 * @param downloaded whether the file is in the driver's cache of the hub; such a path names a
 *     commit and is invisible to executors on other machines
 * @param name for messages: the path, of a copy that of its original, or a table's name
 */
public record DatasetFile(String path, long bytes, boolean downloaded, String name)
    implements Serializable {

  DatasetFile(String path, long bytes, boolean downloaded) {
    this(path, bytes, downloaded, path);
  }

  FileFormat format() {
    return FileFormat.of(path).orElseThrow();
  }

  boolean gzip() {
    return FileFormat.isGzip(path);
  }

  String place(String unit, long number) {
    return "%s %s %s".formatted(name, unit, number);
  }

  public Path hadoopPath() {
    return new Path(path);
  }
}
