package org.sparklora.prep;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * {@code _prompts_manifest.json}: what a prompts table was made of, how, and what came out.
 *
 * @param inputs what decides the table's contents
 * @param model whose tokenizer was used, as the user calls it; empty in tables of older versions
 * @param counts what was counted on the way
 * @param files the table's Parquet files in row order
 * @param seconds how long it took
 */
public record PromptsManifest(
    PrepManifest.Inputs inputs,
    String model,
    Counts counts,
    List<PrepManifest.TableFile> files,
    double seconds) {
  /** The file's name in the table's folder. */
  public static final String FILE_NAME = "_prompts_manifest.json";

  /** Raised whenever the same inputs give another table than before. */
  static final int FORMAT_VERSION = 1;

  private static final ManifestFile<PromptsManifest> FILE =
      new ManifestFile<>(FILE_NAME, PromptsManifest.class);

  /** Older manifests name no model. */
  public PromptsManifest {
    model = model == null ? "" : model;
  }

  /**
   * What was counted on the way.
   *
   * @param rowsIn rows read, bad ones included
   * @param rowsSkipped bad rows that were left out, by reason
   * @param problems messages about the first of them
   * @param tooLong prompts left out because they have more tokens than {@code max_prompt_length}
   * @param prompts rows of the table
   * @param withoutSolution those of them that have no reference answer
   * @param tokens of all prompts
   * @param longestPrompt in tokens
   */
  public record Counts(
      long inputFiles,
      long inputBytes,
      long rowsIn,
      Map<String, Long> rowsSkipped,
      List<String> problems,
      long tooLong,
      long prompts,
      long withoutSolution,
      long tokens,
      int longestPrompt) {}

  /** The manifest in {@code folder}, or empty when there is none or none that can be understood. */
  public static Optional<PromptsManifest> find(Configuration configuration, String folder) {
    return FILE.readIfFolder(configuration, folder);
  }

  void write(Configuration configuration, Path folder) {
    FILE.write(configuration, folder, this);
  }

  /** Whether this manifest's table is what {@code wanted} would give, and all of it is there. */
  boolean fits(PrepManifest.Inputs wanted, Configuration configuration, Path folder) {
    return ManifestFile.areEqual(inputs, wanted)
        && ManifestFile.areThere(configuration, folder, files);
  }

  /** One line for people. */
  public String summary() {
    return "%s rows in, %s prompts of %s tokens at most, %s without a solution, %s left out for their length, %s rows skipped"
        .formatted(
            counts.rowsIn(),
            counts.prompts(),
            counts.longestPrompt(),
            counts.withoutSolution(),
            counts.tooLong(),
            counts.rowsSkipped().values().stream().mapToLong(Long::longValue).sum());
  }
}
