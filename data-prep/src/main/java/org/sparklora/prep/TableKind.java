package org.sparklora.prep;

import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * The fixed properties of packed tables and of prompts tables.
 *
 * @param name for messages
 * @param manifest the name of the manifest in a table's folder; the underscore keeps {@code
 *     spark.read().parquet(folder)} from reading it
 * @param formatVersion raised whenever the same inputs give a different table than before
 * @param counts class of the manifest's counts
 * @param folderKey flag for the folder of a table that a run makes for itself
 * @param command the command that makes such a table
 */
public record TableKind<C extends TableCounts>(
    String name,
    String manifest,
    int formatVersion,
    Class<C> counts,
    Flag<String> folderKey,
    String command) {
  /** Made by {@code prep}. */
  public static final TableKind<TableCounts.Packed> PACKED =
      new TableKind<>(
          "packed table",
          "_prep_manifest.json",
          2,
          TableCounts.Packed.class,
          Flags.PACKED_DIR,
          "prep");

  /** Made by {@code prep --task grpo}. */
  public static final TableKind<TableCounts.Prompts> PROMPTS =
      new TableKind<>(
          "prompts",
          "_prompts_manifest.json",
          2,
          TableCounts.Prompts.class,
          Flags.PROMPTS_DIR,
          "prep --task grpo");
}
