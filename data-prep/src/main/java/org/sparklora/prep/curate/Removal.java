package org.sparklora.prep.curate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.sparklora.pipeline.table.GroupFile;
import org.sparklora.pipeline.table.TableException;

/**
 * The decision to remove a row.
 *
 * @param id {@link RowId} of the row
 * @param step {@link Step#word}
 * @param reason why the step removes it
 * @param otherSet the evaluation set with the row it collides with; empty: the dataset itself
 * @param other number of that row in {@code otherSet}, or its {@link RowId}; {@link #NONE} without
 *     one
 */
record Removal(long id, String step, String reason, String otherSet, long other) {
  static final long NONE = -1;

  /** A removal after all rows. */
  static final Removal LAST = new Removal(Long.MAX_VALUE, "", "", "", NONE);

  /** The removals in a split, sorted by row. */
  static List<Removal> ofSplit(Configuration hadoop, Path folder, int split) {
    Path ofSplit = new Path(folder, "split=" + split);
    List<Removal> all = new ArrayList<>();
    try {
      FileSystem files = ofSplit.getFileSystem(hadoop);
      if (!files.exists(ofSplit)) {
        return all; // Spark writes no folder for a split without rows
      }
      for (FileStatus file : files.listStatus(ofSplit)) {
        if (file.getPath().getName().endsWith(".parquet")) {
          all.addAll(
              GroupFile.read(hadoop, file.getPath().toString(), "curate", Removal::fromGroup));
        }
      }
    } catch (IOException e) {
      throw new TableException(
          "Cannot read %s (%s): look at the disk".formatted(ofSplit, e.getMessage()), e);
    }
    all.sort(Comparator.comparingLong(Removal::id));
    return all;
  }

  private static Removal fromGroup(Group row) {
    return new Removal(
        row.getLong("id", 0),
        row.getString("step", 0),
        row.getString("reason", 0),
        row.getString("other_set", 0),
        row.getLong("other", 0));
  }
}
