package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * {@link TableKind#manifest}, a JSON file in a table's folder: the table's inputs, counts and
 * files. Keys are the component names in snake case.
 *
 * @param model the model whose tokenizer was used, as the user names it; empty in tables of older
 *     versions
 * @param counts taken while the table was made, by name: {@code rows_in} includes bad rows, {@code
 *     rows_skipped} has these by reason, {@code problems} has messages about the first of them, and
 *     {@code sources} the counts of each dataset of a mixture
 * @param files the table's Parquet files in row order
 */
public record TableManifest(
    Inputs inputs,
    String model,
    Map<String, Object> counts,
    List<TableFile> files,
    double seconds) {
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
   * @param chatTemplateSha256 empty when there is no template
   * @param specialTokens the tokenizer's, under the keys of tokenizer_config.json
   * @param datasetFingerprint {@link DatasetIdentity#fingerprint}
   * @param table the table that was read: {@code name}, {@code format}, {@code location}, {@code
   *     id}, {@code version} and {@code order}, the session's {@code time_zone}, and the {@code
   *     date} if the query depends on it; left out if the dataset is files
   * @param sources {@link DatasetIdentity#sources}; their numbers are those of the column {@code
   *     sources}
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
  public static Optional<TableManifest> find(Configuration configuration, TableConfig config) {
    return in(configuration, config.kind(), config.source().dataset())
        .or(
            () ->
                in(configuration, config.kind(), config.outputFolder())
                    .filter(there -> areEqual(there.inputs.settings(), config.settings())));
  }

  /** The manifest in a folder; empty if it has none, or has one that cannot be parsed. */
  static Optional<TableManifest> in(Configuration configuration, TableKind kind, String folder) {
    if (!kind.isAt(configuration, folder)) {
      return Optional.empty();
    }
    Path path = new Path(folder, kind.manifest());
    try (InputStream in = path.getFileSystem(configuration).open(path)) {
      return Optional.of(JSON.readValue(in, TableManifest.class));
    } catch (JsonProcessingException e) { // written by another version, or damaged: made anew
      return Optional.empty();
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  TableOrigin origin(String folder) {
    return new TableOrigin(folder, model, inputs);
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
      throw TableException.unwritten(path, e);
    }
  }

  /** Whether the table has the inputs {@code wanted}, and all its files in recorded sizes. */
  boolean fits(Inputs wanted, Configuration configuration, Path folder) {
    if (files.isEmpty() || !areEqual(inputs, wanted)) {
      return false;
    }
    Map<String, Long> sizes = sizes(configuration, folder);
    return files.stream().allMatch(file -> sizes.getOrDefault(file.name(), -1L) == file.bytes());
  }

  /** The count of this name; 0 if the manifest, of an older version, lacks it. */
  public long count(String name) {
    return ((Number) counts.getOrDefault(name, 0)).longValue();
  }

  /** One line for people. */
  public String summary() {
    long skipped = count("rows_without_target");
    for (Object reason : ((Map<?, ?>) counts.get("rows_skipped")).values()) {
      skipped += ((Number) reason).longValue();
    }
    return counts.containsKey("prompts")
        ? "%s rows in, %s prompts of %s tokens at most, %s without a solution, %s left out for their length, %s rows skipped"
            .formatted(
                count("rows_in"),
                count("prompts"),
                count("longest_prompt"),
                count("without_solution"),
                count("too_long"),
                skipped)
        : String.format(
            Locale.ROOT,
            "%d rows in, %d documents, %d packed rows of %d tokens at most, %d tokens (%d count for the loss), %.2f %% full, %d tokens cut off, %d rows skipped",
            count("rows_in"),
            count("documents"),
            count("rows"),
            count("longest_row"),
            count("tokens"),
            count("target_tokens"),
            100 * ((Number) counts.get("fill_rate")).doubleValue(),
            count("truncated_tokens"),
            skipped);
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

  static TableException unreadable(Object path, IOException cause) {
    return TableException.unread(path, cause, "look at the disk, or name another folder");
  }
}
