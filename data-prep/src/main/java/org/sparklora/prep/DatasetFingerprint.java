package org.sparklora.prep;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.FileVersion;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.prep.source.DatasetFile;

/**
 * Identifies a dataset: SHA-256 of its files' paths, sizes and {@link FileVersion versions}, or of
 * its table's {@link DatasetInput#origin origin}.
 */
final class DatasetFingerprint {

  private DatasetFingerprint() {}

  static String of(Configuration configuration, List<DatasetFile> files) {
    return ofLines(
        files.stream()
            .map(
                file ->
                    "%s\t%s\t%s%n"
                        .formatted(file.path(), file.bytes(), version(configuration, file))));
  }

  /** The empty string for a downloaded file: its path names a commit. */
  private static String version(Configuration configuration, DatasetFile file) {
    if (file.downloaded()) {
      return "";
    }
    try {
      FileSystem fileSystem = file.hadoopPath().getFileSystem(configuration);
      return FileVersion.of(fileSystem, fileSystem.getFileStatus(file.hadoopPath()));
    } catch (IOException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, file.path(), "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  /**
   * The fingerprint of a table.
   *
   * @param origin the table's entry in the manifest
   */
  static String of(Map<String, Object> origin) {
    return ofLines(
        origin.entrySet().stream()
            .map(entry -> "%s\t%s%n".formatted(entry.getKey(), entry.getValue())));
  }

  private static String ofLines(Stream<String> lines) {
    return Sha256.hex(lines.collect(Collectors.joining()));
  }
}
