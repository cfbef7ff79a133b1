package org.sparklora.prep;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;

/**
 * The fixed properties of packed tables and of prompts tables.
 *
 * @param name for messages
 * @param manifest the name of the manifest in a table's folder; the underscore keeps {@code
 *     spark.read().parquet(folder)} from reading it
 * @param formatVersion raised whenever the same inputs give a different table than before
 * @param folderKey flag for the folder of a table that a run makes for itself
 * @param command the command that makes such a table
 */
public record TableKind(
    String name, String manifest, int formatVersion, Flag<String> folderKey, String command) {
  /** Made by {@code prep}. */
  public static final TableKind PACKED =
      new TableKind("packed table", "_prep_manifest.json", 2, Flags.PACKED_DIR, "prep");

  /** Made by {@code prep --task grpo}. */
  public static final TableKind PROMPTS =
      new TableKind("prompts", "_prompts_manifest.json", 2, Flags.PROMPTS_DIR, "prep --task grpo");

  /** Whether a folder holds a complete table of this kind: the manifest is written last. */
  public boolean isAt(Configuration hadoop, String folder) {
    try {
      Path path = new Path(folder, manifest);
      return path.getFileSystem(hadoop).exists(path);
    } catch (IOException e) {
      throw TableManifest.unreadable(folder, e);
    } catch (IllegalArgumentException e) {
      return false; // a glob is not a folder
    }
  }
}
