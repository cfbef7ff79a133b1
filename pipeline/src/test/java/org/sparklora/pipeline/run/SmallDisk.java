package org.sparklora.pipeline.run;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under another name, {@code smalldisk:}, with an end: for all of a JVM the same.
 */
public final class SmallDisk extends RawLocalFileSystem {
  private static final AtomicLong ROOM = new AtomicLong();

  /** From now on so many bytes can be written. */
  public static void leave(long bytes) {
    ROOM.set(bytes);
  }

  /** How many bytes can still be written. */
  public static long left() {
    return ROOM.get();
  }

  /** A configuration in which it is known. */
  public static Configuration configuration() {
    Configuration configuration = new Configuration();
    configuration.set("fs.smalldisk.impl", SmallDisk.class.getName());
    return configuration;
  }

  @Override
  public String getScheme() {
    return "smalldisk";
  }

  @Override
  public URI getUri() {
    return URI.create("smalldisk:///");
  }

  @Override
  public FSDataOutputStream create(
      org.apache.hadoop.fs.Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    FSDataOutputStream out =
        super.create(file, overwrite, bufferSize, replication, blockSize, progress);
    return new FSDataOutputStream(new Limited(out), new FileSystem.Statistics("smalldisk"));
  }

  /** As its local file system does; the constructor is its own. */
  private static FSError asHadoopThrows(IOException cause) throws IOException {
    try {
      Constructor<FSError> constructor = FSError.class.getDeclaredConstructor(Throwable.class);
      constructor.setAccessible(true);
      return constructor.newInstance(cause);
    } catch (ReflectiveOperationException e) {
      throw new IOException(e);
    }
  }

  private static final class Limited extends FilterOutputStream {
    Limited(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int start, int count) throws IOException {
      if (ROOM.addAndGet(-count) < 0) {
        throw asHadoopThrows(new IOException("No space left on device"));
      }
      out.write(bytes, start, count);
    }
  }
}
