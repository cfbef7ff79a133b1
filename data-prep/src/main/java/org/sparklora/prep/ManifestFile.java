package org.sparklora.prep;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * The JSON file in a table's folder that says what the table was made of. Keys are the component
 * names in snake case.
 *
 * @param name begins with an underscore, which keeps {@code spark.read().parquet(folder)} from
 *     reading it
 */
record ManifestFile<M>(String name, Class<M> type) {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /** As {@link #read}; a glob is no folder and has none. */
  Optional<M> readIfFolder(Configuration configuration, String folder) {
    try {
      return read(configuration, new Path(folder));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The manifest in {@code folder}, or empty when there is none or none that can be understood. */
  Optional<M> read(Configuration configuration, Path folder) {
    Path path = new Path(folder, name);
    try {
      FileSystem fileSystem = path.getFileSystem(configuration);
      if (!fileSystem.exists(path)) {
        return Optional.empty();
      }
      try (InputStream in = fileSystem.open(path)) {
        return Optional.of(JSON.readValue(in, type));
      }
    } catch (JsonProcessingException e) {
      return Optional.empty(); // another version's, or damaged: the table is then made anew
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  void write(Configuration configuration, Path folder, M manifest) {
    Path path = new Path(folder, name);
    try (OutputStream out = path.getFileSystem(configuration).create(path, true)) {
      JSON.writeValue(out, manifest);
    } catch (IOException e) {
      throw new TableException(
          "Cannot write %s (%s): make room or choose another --output_dir"
              .formatted(path, e.getMessage()),
          e);
    }
  }

  /** Compares as JSON: a map read from a file has other number types than one made here. */
  static boolean areEqual(Object a, Object b) {
    return JSON.valueToTree(a).equals(JSON.valueToTree(b));
  }

  /** Whether all of a table's files are there, with their sizes. */
  static boolean areThere(
      Configuration configuration, Path folder, List<PrepManifest.TableFile> files) {
    Map<String, Long> sizes = sizes(configuration, folder);
    return !files.isEmpty()
        && files.stream()
            .allMatch(file -> Long.valueOf(file.bytes()).equals(sizes.get(file.name())));
  }

  /**
   * What the files of a finished table are called and hold.
   *
   * @param names in row order, (files)
   * @param rows of each, (files)
   */
  static List<PrepManifest.TableFile> describe(
      Configuration configuration, Path folder, List<String> names, List<Long> rows) {
    Map<String, Long> sizes = sizes(configuration, folder);
    List<PrepManifest.TableFile> files = new ArrayList<>();
    for (int i = 0; i < names.size(); i++) {
      files.add(new PrepManifest.TableFile(names.get(i), sizes.get(names.get(i)), rows.get(i)));
    }
    return files;
  }

  private static Map<String, Long> sizes(Configuration configuration, Path folder) {
    Map<String, Long> sizes = new TreeMap<>();
    try {
      for (var status : folder.getFileSystem(configuration).listStatus(folder)) {
        sizes.put(status.getPath().getName(), status.getLen());
      }
      return sizes;
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static TableException unreadable(Path path, IOException cause) {
    return new TableException(
        "Cannot read %s (%s): look at the disk, or name another folder"
            .formatted(path, cause.getMessage()),
        cause);
  }
}
