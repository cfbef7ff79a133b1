package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.FileStamp;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.prep.source.DatasetFile;

/**
 * The identity of the datasets of a job, for its manifest.
 *
 * @param fingerprint SHA-256 of the data files' paths, sizes and {@link FileStamp#version
 *     versions}, or of {@code table}, or of {@code sources}
 * @param table {@link DatasetInput#origin} of a dataset alone
 * @param sources of a mixture: for each dataset its name, its fingerprint, its origin, and of files
 *     with a filter the session's {@code time_zone}, in which the filter compares times
 */
public record DatasetIdentity(
    @JsonProperty("dataset_fingerprint") String fingerprint,
    Map<String, Object> table,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Map<String, Object>> sources) {

  public static DatasetIdentity of(
      SessionTables session, Mixture mixture, List<DatasetInput> inputs) {
    Configuration configuration = session.hadoop();
    if (mixture.isNone()) {
      DatasetInput alone = inputs.get(0);
      return new DatasetIdentity(fingerprint(configuration, alone), alone.origin(), List.of());
    }
    List<Map<String, Object>> sources = new ArrayList<>();
    for (DatasetInput input : inputs) {
      int number = sources.size();
      Map<String, Object> source = new LinkedHashMap<>();
      source.put("source", mixture.names().get(number));
      source.put("dataset_fingerprint", fingerprint(configuration, input));
      if (!mixture.parts().get(number).filter().isEmpty()) {
        source.put("time_zone", session.timeZone());
      }
      source.putAll(input.origin());
      sources.add(source);
    }
    return new DatasetIdentity(ofEntries(Map.of("sources", sources)), Map.of(), sources);
  }

  /** Equal fingerprints mean the same rows in the same order. */
  private static String fingerprint(Configuration configuration, DatasetInput input) {
    if (input.files().isEmpty()) {
      return ofEntries(input.origin());
    }
    return Sha256.hex(
        input.files().stream()
            .map(
                file ->
                    "%s\t%s\t%s%n"
                        .formatted(file.path(), file.bytes(), version(configuration, file)))
            .collect(Collectors.joining()));
  }

  /** The empty string for a downloaded file: its path names a commit. */
  private static String version(Configuration configuration, DatasetFile file) {
    if (file.downloaded()) {
      return "";
    }
    try {
      FileSystem fileSystem = file.hadoopPath().getFileSystem(configuration);
      return FileStamp.version(fileSystem, fileSystem.getFileStatus(file.hadoopPath()));
    } catch (IOException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, file.path(), "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  private static String ofEntries(Map<String, Object> entries) {
    return Sha256.hex(
        entries.entrySet().stream()
            .map(entry -> "%s\t%s%n".formatted(entry.getKey(), entry.getValue()))
            .collect(Collectors.joining()));
  }
}
