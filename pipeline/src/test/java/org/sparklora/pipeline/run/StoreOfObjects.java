package org.sparklora.pipeline.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
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
 * it is closed, as the last one wrote it, and whether it may be created is looked at before. A
 * folder is renamed by copying all its files and then deleting them.
 */
public final class StoreOfObjects extends FilterFileSystem {
  private static final URI NAME = URI.create("store:///");

  /** Files that are still copied or deleted before a folder's rename dies; negative: all. */
  private static final AtomicInteger LEFT = new AtomicInteger(-1);

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

  /** Lets the rename of a folder end, as a kill ends it, after so many copies and deletes. */
  static void dieAfter(int copiesAndDeletes) {
    LEFT.set(copiesAndDeletes);
  }

  private static void touchFile() {
    if (LEFT.getAndDecrement() == 0) {
      throw new IllegalStateException("killed");
    }
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
  public boolean rename(Path from, Path to) throws IOException {
    java.nio.file.Path source = java.nio.file.Path.of(from.toUri().getPath());
    java.nio.file.Path target = java.nio.file.Path.of(to.toUri().getPath());
    if (!Files.isDirectory(source)) {
      return super.rename(from, to);
    }
    if (Files.exists(target)) {
      return false;
    }
    List<java.nio.file.Path> files;
    try (Stream<java.nio.file.Path> all = Files.walk(source)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    for (java.nio.file.Path file : files) {
      touchFile();
      java.nio.file.Path copy = target.resolve(source.relativize(file));
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
    for (java.nio.file.Path file : files) {
      touchFile();
      Files.delete(file);
    }
    Files.createDirectories(target); // an empty folder is renamed, too
    return delete(from, true);
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
