package org.sparklora.pipeline.run;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/** The local disk as {@code fulldisk:}: files can be made, and nothing can be written into them. */
public final class FullDisk extends RawLocalFileSystem {
  static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.set("fs.fulldisk.impl", FullDisk.class.getName());
    return configuration;
  }

  @Override
  public String getScheme() {
    return "fulldisk";
  }

  @Override
  public URI getUri() {
    return URI.create("fulldisk:///");
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    var out = super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    return new FSDataOutputStream(
        new FilterOutputStream(out) {
          @Override
          public void write(int value) throws IOException {
            throw new IOException("No space left on device");
          }

          @Override
          public void write(byte[] bytes, int start, int count) throws IOException {
            throw new IOException("No space left on device");
          }
        },
        new FileSystem.Statistics("fulldisk"));
  }
}
