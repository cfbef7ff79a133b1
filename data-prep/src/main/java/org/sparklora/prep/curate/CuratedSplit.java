package org.sparklora.prep.curate;

import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.prep.AttemptFile;
import org.sparklora.prep.source.SplitGroup;

/**
 * Consecutive splits that one task reads: the ids of their rows, and the files written of them. Ids
 * have the order of the rows; they exist before all splits are counted, as row numbers do not.
 *
 * @param part number of the dataset
 * @param index number of the task, of {@code count}
 * @param scratch folder for the files of attempts
 */
record CuratedSplit(
    Configuration hadoop, int part, int index, int count, SplitGroup rows, Path scratch) {
  static final int POSITION_BITS = 40;

  /** The id of the row with this number in the splits. */
  long id(long position) {
    return (long) index << POSITION_BITS | position;
  }

  static int indexOf(long id) {
    return (int) (id >>> POSITION_BITS);
  }

  static long positionOf(long id) {
    return id & (1L << POSITION_BITS) - 1;
  }

  /** Writes a file of {@code folder}, which appears when it is complete. */
  <R> R write(
      Path folder, Function<Path, RowFile<Group>> opened, Function<RowFile<Group>, R> writer) {
    Path file = new Path(folder, PackedSequenceTable.fileName(index, count));
    return AttemptFile.write(
        hadoop,
        scratch,
        file,
        attempt -> {
          try (RowFile<Group> out = opened.apply(attempt)) {
            return writer.apply(out);
          }
        });
  }
}
