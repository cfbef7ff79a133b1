package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import org.apache.hadoop.fs.EtagSource;
import org.apache.hadoop.fs.FileChecksum;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.StringUtils;

/**
 * Size and checksum of a file, which detect truncated copies and damaged disks.
 *
 * @param crc32c in hexadecimal
 */
public record FileStamp(long bytes, String crc32c) {
  public static FileStamp of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return of(in);
    }
  }

  private static FileStamp of(InputStream in) throws IOException {
    CRC32C checksum = new CRC32C();
    long bytes = new CheckedInputStream(in, checksum).transferTo(OutputStream.nullOutputStream());
    return new FileStamp(bytes, hexadecimal(checksum));
  }

  public static String hexadecimal(CRC32C checksum) {
    return "%08x".formatted(checksum.getValue());
  }

  /**
   * Distinguishes contents of a file: the version that a store or a cluster gives it; for a local
   * file the checksum of its bytes; without either its modification time. That alone is not enough:
   * object stores count seconds, and copies keep the time of the original.
   */
  public static String version(FileSystem fileSystem, FileStatus status) throws IOException {
    if (status instanceof EtagSource tagged && tagged.getEtag() != null) {
      return tagged.getEtag();
    }
    FileChecksum checksum = fileSystem.getFileChecksum(status.getPath()); // null if none
    if (checksum != null) {
      return checksum.getAlgorithmName() + " " + StringUtils.byteToHexString(checksum.getBytes());
    }
    if (status.getPath().toUri().getScheme().equals("file")) {
      try (InputStream in = fileSystem.open(status.getPath())) {
        return of(in).crc32c;
      }
    }
    return Long.toString(status.getModificationTime());
  }

  /** The difference of a file from this stamp, as the end of a sentence; empty if it matches. */
  public Optional<String> damageOf(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return Optional.of("is missing");
    }
    long found = Files.size(file);
    if (found != bytes) {
      return Optional.of("has %s bytes instead of %s".formatted(found, bytes));
    }
    return of(file).equals(this)
        ? Optional.empty()
        : Optional.of("was changed: its checksum is not the one that was saved");
  }
}
