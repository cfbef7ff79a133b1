package org.sparklora.pipeline.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a table, and the list of their sizes: {@code _files.json}, or the manifest of a
 * table of {@code prep}. The list detects missing and replaced files, which Parquet would not
 * notice. Pages of the Parquet files have checksums of their own.
 */
public final class FileList {
  /** The name of the list; Spark does not read files that begin with an underscore. */
  public static final String FILE_NAME = "_files.json";

  private static final List<String> LISTS =
      List.of(FILE_NAME, "_prep_manifest.json", "_prompts_manifest.json");

  private static final ObjectMapper JSON = new ObjectMapper();

  private FileList() {}

  /**
   * The Parquet files of a table's folder in row order, sorted by name.
   *
   * @param table the user's name of the table
   * @param maker the command that makes such tables
   * @throws TableException when there is no such folder, or no Parquet file in it, its files differ
   *     from its list, or it is a table of an {@link OpenTableFormat}
   */
  static List<String> parquet(
      Configuration configuration, String folder, String table, String maker) {
    try {
      Path path = new Path(folder);
      FileSystem fileSystem = path.getFileSystem(configuration);
      OpenTableFormat.refuseAtOrAbove(fileSystem, path);
      List<String> files =
          Stream.of(fileSystem.listStatus(path))
              .map(FileStatus::getPath)
              .filter(file -> file.getName().endsWith(".parquet") && isShown(file.getName()))
              .map(Path::toString)
              .sorted()
              .toList();
      if (files.isEmpty()) {
        throw new TableException(
            "Cannot read %s %s: it holds no Parquet file; name the --output_dir of a %s run"
                .formatted(table, path, maker));
      }
      requireWhole(configuration, folder, maker);
      return files;
    } catch (IOException e) {
      throw new TableException(
          "Cannot read %s %s (%s): name the --output_dir of a %s run"
              .formatted(table, folder, e.getMessage(), maker),
          e);
    }
  }

  private static boolean isShown(String name) {
    return !name.startsWith("_") && !name.startsWith(".");
  }

  /**
   * Writes the list of a finished table into its folder.
   *
   * @throws TableException when it cannot be written
   */
  public static void write(Configuration configuration, Path folder) {
    ObjectNode list = JSON.createObjectNode();
    ArrayNode files = list.putArray("files");
    Path path = new Path(folder, FILE_NAME);
    try {
      dataFiles(folder.getFileSystem(configuration), folder)
          .forEach((name, bytes) -> files.addObject().put("name", name).put("bytes", bytes));
    } catch (IOException e) {
      throw TableException.unwritten(path, e);
    }
    writeJson(configuration, path, list);
  }

  /** Writes a value as JSON, one field a line, to a file of a table's folder. */
  public static void writeJson(Configuration configuration, Path file, Object value) {
    try {
      try (OutputStream out = file.getFileSystem(configuration).create(file, true)) {
        out.write(JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value));
      }
      RowFile.deleteChecksum(configuration, file);
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  private static Map<String, Long> dataFiles(FileSystem fileSystem, Path folder)
      throws IOException {
    Map<String, Long> files = new TreeMap<>();
    for (FileStatus status : fileSystem.listStatus(folder)) {
      String name = status.getPath().getName();
      if (status.isFile() && isShown(name)) {
        files.put(name, status.getLen());
      }
    }
    return files;
  }

  /**
   * Checks a table against its list.
   *
   * @param folder the table's folder; a path that is not a folder, or has no list, is not checked
   * @param maker the command that makes such tables
   * @throws TableException naming the first file that is missing, not listed, or of another size
   */
  public static void requireWhole(Configuration configuration, String folder, String maker) {
    try {
      Path path = new Path(folder);
      FileSystem fileSystem = path.getFileSystem(configuration);
      for (String name : LISTS) {
        Path list = new Path(path, name);
        if (fileSystem.exists(list)) {
          requireListed(list, listed(fileSystem, list, maker), dataFiles(fileSystem, path), maker);
        }
      }
    } catch (IllegalArgumentException e) {
      // a glob is not a folder
    } catch (IOException e) {
      throw new TableException(
          "Cannot look at the table %s (%s): are its files there?"
              .formatted(folder, e.getMessage()),
          e);
    }
  }

  private static Map<String, Long> listed(FileSystem fileSystem, Path list, String maker)
      throws IOException {
    Map<String, Long> files = new TreeMap<>();
    try (InputStream in = fileSystem.open(list)) {
      for (JsonNode file : JSON.readTree(in).path("files")) {
        files.put(file.path("name").asText(), file.path("bytes").asLong(-1));
      }
      return files;
    } catch (JsonProcessingException e) {
      throw new TableException(
          "Cannot read %s: it is damaged; run %s again".formatted(list, maker), e);
    }
  }

  private static void requireListed(
      Path list, Map<String, Long> listed, Map<String, Long> there, String maker) {
    listed.forEach(
        (name, bytes) -> {
          if (!bytes.equals(there.get(name))) {
            throw new TableException(
                "Cannot use %s: it %s, and %s says %s bytes: the table was cut or changed; copy it again, or run %s again"
                    .formatted(
                        new Path(list.getParent(), name),
                        there.containsKey(name)
                            ? "has %s bytes".formatted(there.get(name))
                            : "is missing",
                        list.getName(),
                        bytes,
                        maker));
          }
        });
    there.keySet().stream()
        .filter(name -> name.endsWith(".parquet") && !listed.isEmpty())
        .filter(name -> !listed.containsKey(name))
        .findFirst()
        .ifPresent(
            name -> {
              throw new TableException(
                  "Cannot use %s: %s beside it does not list it; move it away, or run %s again"
                      .formatted(new Path(list.getParent(), name), list.getName(), maker));
            });
  }
}
