package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * {@link TableKind#manifest}, a JSON file in a table's folder: the table's inputs, counts and
 * files. Keys are the component names in snake case.
 *
 * @param inputs what decides the table's contents
 * @param model the model whose tokenizer was used, as the user names it; empty in tables of older
 *     versions
 * @param counts taken while the table was made
 * @param files the table's Parquet files in row order
 * @param seconds time taken to make the table
 */
public record TableManifest<C extends TableCounts>(
    Inputs inputs, String model, C counts, List<TableFile> files, double seconds) {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  /** Older manifests name no model. */
  public TableManifest {
    model = model == null ? "" : model;
  }

  /**
   * The inputs that decide the table's contents; equal inputs give equal tables.
   *
   * @param settings under the user's names
   * @param datasetFormat the recognised format
   * @param chatTemplateSha256 empty when there is no template
   * @param specialTokens the tokenizer's, under the keys of tokenizer_config.json
   * @param datasetFingerprint SHA-256 of the data files' paths, sizes and versions, or of {@code
   *     table} or {@code sources}
   * @param table the table that was read: {@code name}, {@code format}, {@code location}, {@code
   *     id}, {@code version} and {@code order}, the session's {@code time_zone}, and the {@code
   *     date} if the query depends on it; left out if the dataset is files
   * @param sources of a mixture: for each dataset its name, its fingerprint, and of a table the
   *     entries of {@code table}, of files with a filter {@code time_zone}; their numbers are those
   *     of the column {@code sources}
   */
  public record Inputs(
      int formatVersion,
      Map<String, Object> settings,
      String datasetFormat,
      String tokenizerSha256,
      String chatTemplateSha256,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> specialTokens,
      String datasetFingerprint,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Object> table,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Map<String, Object>> sources) {

    /** Entries that do not apply are left out; older manifests lack special tokens as well. */
    public Inputs {
      specialTokens = specialTokens == null ? Map.of() : specialTokens;
      table = table == null ? Map.of() : table;
      sources = sources == null ? List.of() : sources;
    }
  }

  public record TableFile(String name, long bytes, long rows) {}

  /**
   * The manifest of a table that already exists for these settings: the dataset itself if {@code
   * prep} made it, or the output folder if its table has the same settings. Does not read the
   * dataset or the tokenizer, which may have changed since.
   */
  public static <C extends TableCounts> Optional<TableManifest<C>> find(
      Configuration configuration, TableConfig<C> config) {
    return in(configuration, config.kind(), config.source().dataset())
        .or(
            () ->
                in(configuration, config.kind(), config.outputFolder())
                    .filter(there -> areEqual(there.inputs.settings(), config.settings())));
  }

  /**
   * The manifest in a folder; empty if it has none, has one that cannot be parsed, or is a glob.
   */
  static <C extends TableCounts> Optional<TableManifest<C>> in(
      Configuration configuration, TableKind<C> kind, String folder) {
    Path path;
    try {
      path = new Path(folder, kind.manifest());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    JavaType type =
        JSON.getTypeFactory().constructParametricType(TableManifest.class, kind.counts());
    try {
      FileSystem fileSystem = path.getFileSystem(configuration);
      if (!fileSystem.exists(path)) {
        return Optional.empty();
      }
      try (InputStream in = fileSystem.open(path)) {
        return Optional.of(JSON.readValue(in, type));
      }
    } catch (JsonProcessingException e) {
      return Optional
          .empty(); // written by another version, or damaged: the table is then made anew
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Names of the datasets of a packed table, by number; empty if it is of no mixture. */
  public static List<String> sources(Configuration configuration, String folder) {
    return in(configuration, TableKind.PACKED, folder).stream()
        .flatMap(manifest -> manifest.inputs.sources().stream())
        .map(source -> (String) source.get("source"))
        .toList();
  }

  public static void write(Configuration configuration, Path path, Object manifest) {
    try (OutputStream out = path.getFileSystem(configuration).create(path, true)) {
      JSON.writeValue(out, manifest);
    } catch (IOException e) {
      throw new TableException(
          "Cannot write %s (%s): make room or choose another --output_dir"
              .formatted(path, e.getMessage()),
          e);
    }
  }

  /**
   * Whether this manifest's table has the inputs {@code wanted}, and all of its files exist with
   * their recorded sizes.
   */
  boolean fits(Inputs wanted, Configuration configuration, Path folder) {
    if (!areEqual(inputs, wanted)) {
      return false;
    }
    Map<String, Long> sizes = sizes(configuration, folder);
    return !files.isEmpty()
        && files.stream()
            .allMatch(file -> Long.valueOf(file.bytes()).equals(sizes.get(file.name())));
  }

  public String summary() {
    return counts.summary();
  }

  /** Compares as JSON: numbers in a map read from a file have other types than in one made here. */
  static boolean areEqual(Object a, Object b) {
    return JSON.valueToTree(a).equals(JSON.valueToTree(b));
  }

  /** Sizes in bytes of the files in a folder, by name. */
  static Map<String, Long> sizes(Configuration configuration, Path folder) {
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
