package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.StringUtils;

/**
 * Tells contents of a file apart. Its time of change does not: a store counts seconds, and copies
 * keep the time of what they are copies of.
 */
public final class FileVersion {
  private FileVersion() {}

  /**
   * What a store or a cluster says of a file's content; of a file of this machine, which says
   * nothing, the checksum of its bytes; its time of change where all of that is missing.
   */
  public static String of(FileSystem fileSystem, FileStatus status) throws IOException {
    if (status instanceof EtagSource tagged && tagged.getEtag() != null) {
      return tagged.getEtag();
    }
    FileChecksum checksum = fileSystem.getFileChecksum(status.getPath()); // null without any
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
