package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * {@code _prep_manifest.json}: what a packed table was made of, how, and what came out. Keys are
 * the component names in snake case.
 *
 * @param inputs what decides the table's contents
 * @param model whose tokenizer was used, as the user calls it; empty in tables of older versions
 * @param counts what was counted on the way
 * @param files the table's Parquet files in row order
 * @param seconds how long it took
 */
public record PrepManifest(
    Inputs inputs, String model, Counts counts, List<TableFile> files, double seconds) {
  /**
   * The file's name in the table's folder; the underscore keeps {@code
   * spark.read().parquet(folder)} from reading it.
   */
  public static final String FILE_NAME = "_prep_manifest.json";

  /** Raised whenever the same inputs give another table than before. */
  static final int FORMAT_VERSION = 1;

  private static final ManifestFile<PrepManifest> FILE =
      new ManifestFile<>(FILE_NAME, PrepManifest.class);

  /** Older manifests name no model. */
  public PrepManifest {
    model = model == null ? "" : model;
  }

  /**
   * What decides the table's contents; two equal ones have equal tables.
   *
   * @param settings by the user's names
   * @param datasetFormat the format that was recognised
   * @param chatTemplateSha256 empty when there is no template
   * @param specialTokens the tokenizer's, by the names of tokenizer_config.json
   * @param datasetFingerprint SHA-256 of the data files' paths, sizes and contents
   * @param table the table that the rows are of, by {@code name}, {@code format}, {@code location},
   *     {@code id}, {@code version} and {@code order}; left out where the dataset is files
   */
  public record Inputs(
      int formatVersion,
      Map<String, Object> settings,
      String datasetFormat,
      String tokenizerSha256,
      String chatTemplateSha256,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, String> specialTokens,
      String datasetFingerprint,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) Map<String, Object> table) {

    /** Manifests of files have no table, those of token ids and older ones no special tokens. */
    public Inputs {
      specialTokens = specialTokens == null ? Map.of() : specialTokens;
      table = table == null ? Map.of() : table;
    }

    private boolean hasSettings(Map<String, Object> wanted) {
      return ManifestFile.areEqual(settings, wanted);
    }
  }

  /**
   * What was counted on the way.
   *
   * @param rowsIn rows read, bad ones included
   * @param rowsSkipped bad rows that were left out, by reason
   * @param problems messages about the first of them
   * @param rowsWithoutTarget rows dropped because no token of theirs counts for the loss
   * @param documents documents that were packed
   * @param emptyDocuments those of them without a token, which appear in no row
   * @param truncatedTokens tokens cut off from documents longer than {@code max_length}
   * @param promptsNotPrefix prompts whose tokens are not the beginning of the tokens of prompt and
   *     completion
   * @param targetTokens tokens that count for the loss
   * @param fillRate share of the rows' room that holds tokens
   */
  public record Counts(
      long inputFiles,
      long inputBytes,
      long rowsIn,
      Map<String, Long> rowsSkipped,
      List<String> problems,
      long rowsWithoutTarget,
      long documents,
      long emptyDocuments,
      long truncatedDocuments,
      long truncatedTokens,
      long promptsNotPrefix,
      long rows,
      long tokens,
      long targetTokens,
      int longestRow,
      double fillRate) {}

  /** A Parquet file of the table. */
  public record TableFile(String name, long bytes, long rows) {}

  /**
   * The manifest of the table that these settings lead to, if it is there already: the dataset
   * itself where {@code prep} made it, or the output folder where its table has the same settings.
   * The dataset and the tokenizer are not looked at, so they may have changed since.
   */
  public static Optional<PrepManifest> find(Configuration configuration, PrepConfig config) {
    return FILE.readIfFolder(configuration, config.source().dataset())
        .or(
            () ->
                FILE.readIfFolder(configuration, config.outputFolder())
                    .filter(manifest -> manifest.inputs.hasSettings(config.settings())));
  }

  /** As {@link #read}; a glob is no folder and has none. */
  static Optional<PrepManifest> in(Configuration configuration, String folder) {
    return FILE.readIfFolder(configuration, folder);
  }

  /** The manifest in {@code folder}, or empty when there is none or none that can be understood. */
  static Optional<PrepManifest> read(Configuration configuration, Path folder) {
    return FILE.read(configuration, folder);
  }

  void write(Configuration configuration, Path folder) {
    FILE.write(configuration, folder, this);
  }

  /**
   * Whether this manifest's table is what {@code wanted} would give, and all of its files are
   * there.
   */
  boolean fits(Inputs wanted, Configuration configuration, Path folder) {
    return ManifestFile.areEqual(inputs, wanted)
        && ManifestFile.areThere(configuration, folder, files);
  }

  /** One line for people. */
  public String summary() {
    return String.format(
        Locale.ROOT,
        "%d rows in, %d documents, %d packed rows of %d tokens at most, %d tokens (%d count for the loss), %.2f %% full, %d tokens cut off, %d rows skipped",
        counts.rowsIn(),
        counts.documents(),
        counts.rows(),
        counts.longestRow(),
        counts.tokens(),
        counts.targetTokens(),
        100 * counts.fillRate(),
        counts.truncatedTokens(),
        counts.rowsSkipped().values().stream().mapToLong(Long::longValue).sum()
            + counts.rowsWithoutTarget());
  }
}
