package org.sparklora.prep.source;

import java.io.Serializable;
import org.apache.hadoop.fs.Path;

/**
 * A data file as it was found.
 *
 * @param path qualified path
 * @param bytes its size
 * @param modifiedMillis when it was last changed, in milliseconds since 1970
 */
public record DatasetFile(String path, long bytes, long modifiedMillis, FileFormat format)
    implements Serializable {

  boolean gzip() {
    return FileFormat.isGzip(path);
  }

  Path hadoopPath() {
    return new Path(path);
  }
}
