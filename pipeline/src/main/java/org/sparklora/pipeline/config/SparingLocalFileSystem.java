package org.sparklora.pipeline.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's local file system, which sets a file's permissions only where they differ. Without its
 * native library Hadoop starts a process, {@code chmod}, for every file and folder that it makes,
 * and nearly always to set the permissions that the file has.
 *
 * <p>For a JVM with this class on its class path: {@code bin/spark-lora} sets {@code
 * spark.hadoop.fs.file.impl}. Thread-safe.
 */
public final class SparingLocalFileSystem extends LocalFileSystem {
  private static final int PERMISSIONS = 01777; // also the sticky bit

  public SparingLocalFileSystem() {
    super(new Sparing());
  }

  private static final class Sparing extends RawLocalFileSystem {
    @Override
    public void setPermission(org.apache.hadoop.fs.Path file, FsPermission permission)
        throws IOException {
      if (permissions(pathToFile(file).toPath()) != permission.toShort()) {
        super.setPermission(file, permission);
      }
    }

    private static int permissions(Path file) throws IOException {
      boolean isUnix = file.getFileSystem().supportedFileAttributeViews().contains("unix");
      return isUnix ? (int) Files.getAttribute(file, "unix:mode") & PERMISSIONS : -1;
    }
  }
}
