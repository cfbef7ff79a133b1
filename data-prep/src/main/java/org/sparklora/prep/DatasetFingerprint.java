package org.sparklora.prep;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.sparklora.prep.source.DatasetFile;

/**
 * Identifies a dataset without reading it: SHA-256 of its files' paths, sizes and times of change.
 */
final class DatasetFingerprint {

  private DatasetFingerprint() {}

  static String of(List<DatasetFile> files) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (DatasetFile file : files) {
        String line = "%s\t%d\t%d%n".formatted(file.path(), file.bytes(), file.modifiedMillis());
        digest.update(line.getBytes(StandardCharsets.UTF_8));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}
