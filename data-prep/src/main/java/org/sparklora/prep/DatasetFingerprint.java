package org.sparklora.prep;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sparklora.prep.source.DatasetFile;

/**
 * Identifies a dataset without reading it: SHA-256 of its files' paths, sizes and times of change,
 * or of what its table says of itself.
 */
final class DatasetFingerprint {

  private DatasetFingerprint() {}

  static String of(List<DatasetFile> files) {
    return ofLines(
        files.stream()
            .map(
                file ->
                    "%s\t%s\t%s%n".formatted(file.path(), file.bytes(), file.modifiedMillis())));
  }

  /**
   * Of a table.
   *
   * @param origin what the manifest keeps of it
   */
  static String of(Map<String, Object> origin) {
    return ofLines(
        origin.entrySet().stream()
            .map(entry -> "%s\t%s%n".formatted(entry.getKey(), entry.getValue())));
  }

  private static String ofLines(Stream<String> lines) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      lines.forEach(line -> digest.update(line.getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }
}
