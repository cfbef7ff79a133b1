package org.sparklora.pipeline.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk as S3A shows a bucket, {@code store:}: times cannot be set, a file is there when
 * it is closed, as the last one wrote it, and whether it may be created is looked at before.
 */
public final class StoreOfObjects extends FilterFileSystem {
  private static final URI NAME = URI.create("store:///");

  public StoreOfObjects() {
    super(new Disk());
  }

  /** The disk under the store's name. */
  private static final class Disk extends RawLocalFileSystem {
    @Override
    public URI getUri() {
      return NAME;
    }
  }

  /** A configuration in which it is known. */
  public static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.set("fs.store.impl", StoreOfObjects.class.getName());
    return configuration;
  }

  /** A local path as its name there. */
  public static Path name(java.nio.file.Path file) {
    return new Path("store://" + file);
  }

  @Override
  public String getScheme() {
    return NAME.getScheme();
  }

  @Override
  public URI getUri() {
    return NAME;
  }

  @Override
  public void setTimes(Path path, long modified, long accessed) {
    // as S3A: nothing
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferBytes,
      short replication,
      long blockBytes,
      Progressable progress)
      throws IOException {
    if (!overwrite && exists(file)) {
      throw new FileAlreadyExistsException(file.toString());
    }
    ByteArrayOutputStream written =
        new ByteArrayOutputStream() {
          @Override
          public void close() throws IOException {
            java.nio.file.Path target = java.nio.file.Path.of(file.toUri().getPath());
            Files.createDirectories(target.getParent());
            java.nio.file.Path part = Files.createTempFile("object", ".part");
            Files.write(part, toByteArray());
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
          }
        };
    return new FSDataOutputStream(written, new FileSystem.Statistics(NAME.getScheme()));
  }
}
