package org.sparklora.prep;

import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * Packed tables and prompts tables, by what is fixed for each.
 *
 * @param name for messages
 * @param manifest the name of the manifest in a table's folder; the underscore keeps {@code
 *     spark.read().parquet(folder)} from reading it
 * @param formatVersion raised whenever the same inputs give another table than before
 * @param counts what a manifest counts
 * @param folderKey names the folder of a table that a run makes for itself
 * @param command makes a table of this kind
 */
public record TableKind<C extends TableCounts>(
    String name,
    String manifest,
    int formatVersion,
    Class<C> counts,
    Flag<String> folderKey,
    String command) {
  /** Made by {@code prep}. */
  public static final TableKind<PackedCounts> PACKED =
      new TableKind<>(
          "packed table", "_prep_manifest.json", 1, PackedCounts.class, Flags.PACKED_DIR, "prep");

  /** Made by {@code prep --task grpo}. */
  public static final TableKind<PromptCounts> PROMPTS =
      new TableKind<>(
          "prompts",
          "_prompts_manifest.json",
          1,
          PromptCounts.class,
          Flags.PROMPTS_DIR,
          "prep --task grpo");
}
