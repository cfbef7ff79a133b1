package org.sparklora.spark.prep;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig;

/** What packed tables and prompts tables that a run makes for itself have in common. */
final class ResultTables {
  private ResultTables() {}

  /**
   * Refuses a folder for a table that holds anything else: only a table may be replaced by one.
   *
   * @param key the setting that names the folder
   * @param table whether a table lies there
   */
  static void requireOnlyTables(Configuration hadoop, Flag<?> key, String folder, boolean table) {
    Path path = new Path(folder);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      boolean free =
          table
              || !fileSystem.exists(path)
              || fileSystem.getFileStatus(path).isDirectory()
                  && fileSystem.listStatus(path).length == 0;
      ConfigException.require(
          free, key, folder, "something lies there that is no table; name another folder");
    } catch (IOException e) {
      throw new ConfigException(
          key,
          folder,
          "it cannot be looked at (%s); name another folder".formatted(e.getMessage()));
    }
  }

  /** Refuses what selects rows or columns, of a dataset that {@code prep} made. */
  static void requireNoQuery(PrepConfig.Source source) {
    source
        .query()
        .refuseFor(
            source.dataset(),
            "prep made the table %s already; leave it out, or name the dataset that the table was made of");
  }

  /** Whether a table lies in a folder: its manifest is written last. */
  static boolean isThere(Configuration hadoop, String folder, String manifest) {
    try {
      Path path = new Path(folder, manifest);
      return path.getFileSystem(hadoop).exists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (IllegalArgumentException e) {
      return false; // a glob is no folder
    }
  }

  /** A table that another process has made, and that is not where it was to lie. */
  static TableException missing(String folder, String dataset) {
    return new TableException(
        "Cannot find the table of %s in %s: it must lie where all machines read it under one path"
            .formatted(dataset, folder));
  }

  /** A table whose manifest nobody can read. */
  static TableException unknown(String table, String manifest) {
    return new TableException(
        "Cannot read %s of table %s: it is damaged, or of another version; run prep again"
            .formatted(manifest, table));
  }
}
