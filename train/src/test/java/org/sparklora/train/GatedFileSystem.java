package org.sparklora.train;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** This machine's disk as {@code gated:}; what lies in {@link #SLOW} folders waits to be read. */
public final class GatedFileSystem extends RawLocalFileSystem {
  /** Part of the names of files that wait. */
  static final String SLOW = "slow";

  private static volatile CountDownLatch reached = new CountDownLatch(1);
  private static volatile CountDownLatch opened = new CountDownLatch(1);

  /** Shuts the gate; a configuration in which the file system is known. */
  static Configuration shut() {
    reached = new CountDownLatch(1);
    opened = new CountDownLatch(1);
    Configuration hadoop = new Configuration();
    hadoop.set("fs.gated.impl", GatedFileSystem.class.getName());
    return hadoop;
  }

  static String name(java.nio.file.Path folder) {
    return "gated://" + folder;
  }

  /** Waits until somebody waits at the gate. */
  static void awaitReader() throws InterruptedException {
    if (!reached.await(60, TimeUnit.SECONDS)) {
      throw new AssertionError("nobody read what lies behind the gate");
    }
  }

  static void open() {
    opened.countDown();
  }

  @Override
  public String getScheme() {
    return "gated";
  }

  @Override
  public URI getUri() {
    return URI.create("gated:///");
  }

  @Override
  public FSDataInputStream open(Path file, int bufferBytes) throws IOException {
    if (file.toString().contains(SLOW)) {
      reached.countDown();
      try {
        opened.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
    }
    return super.open(file, bufferBytes);
  }
}
