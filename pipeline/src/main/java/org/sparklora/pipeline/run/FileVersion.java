package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.StringUtils;

/**
 * Distinguishes contents of a file. The modification time is not enough: object stores count
 * seconds, and copies keep the time of the original.
 */
public final class FileVersion {
  private FileVersion() {}

  /**
   * The version that a store or a cluster gives a file's content; for a local file the checksum of
   * its bytes; without either its modification time.
   */
  public static String of(FileSystem fileSystem, FileStatus status) throws IOException {
    if (status instanceof EtagSource tagged && tagged.getEtag() != null) {
      return tagged.getEtag();
    }
    FileChecksum checksum = fileSystem.getFileChecksum(status.getPath()); // null if none
    if (checksum != null) {
      return checksum.getAlgorithmName() + " " + StringUtils.byteToHexString(checksum.getBytes());
    }
    if (status.getPath().toUri().getScheme().equals("file")) {
      try (InputStream in = fileSystem.open(status.getPath())) {
        return FileStamp.of(in).crc32c();
      }
    }
    return Long.toString(status.getModificationTime());
  }
}
