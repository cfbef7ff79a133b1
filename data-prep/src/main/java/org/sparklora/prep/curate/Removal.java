package org.sparklora.prep.curate;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.pipeline.table.TableException;

/**
 * The decision to remove a row.
 *
 * @param id {@link CuratedSplit#id} of the row
 * @param step {@link Step#word}
 * @param otherSet the evaluation set with the row it collides with; empty: the dataset itself
 * @param other number of that row in {@code otherSet}, or its id; {@link #NONE} without one
 */
record Removal(long id, String step, String reason, String otherSet, long other) {
  /** Folder below the job's scratch folder, with a folder for each split. */
  static final String FOLDER = "removals";

  static final long NONE = -1;

  static Map<Long, Removal> ofSplit(CuratedSplit split) {
    Path ofSplit = new Path(split.scratch(), FOLDER + "/split=" + split.index());
    Map<Long, Removal> removals = new HashMap<>();
    try {
      FileSystem files = ofSplit.getFileSystem(split.hadoop());
      if (!files.exists(ofSplit)) {
        return removals; // Spark writes no folder for a split without rows
      }
      for (FileStatus file : files.listStatus(ofSplit)) {
        String path = file.getPath().toString();
        if (path.endsWith(".parquet")) {
          RowFile.read(split.hadoop(), path, "curate", Removal::fromGroup)
              .forEach(removal -> removals.put(removal.id, removal));
        }
      }
      return removals;
    } catch (IOException e) {
      throw TableException.unread(ofSplit, e, "look at the disk");
    }
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
