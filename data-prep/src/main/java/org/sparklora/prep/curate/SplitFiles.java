package org.sparklora.prep.curate;

import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageType;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.prep.AttemptFile;
import org.sparklora.prep.source.SplitGroup;

/**
 * Consecutive splits that one task reads, and the two files that it writes of them; a file appears
 * when it is complete.
 *
 * @param index number of the task, of {@code count}
 * @param scratch folder for the files of attempts
 */
record SplitFiles(Configuration hadoop, int index, int count, SplitGroup rows, Path scratch) {

  /**
   * A file in a folder.
   *
   * @param hashes whether its rows are mostly hashes
   */
  record Target(Path folder, MessageType schema, boolean hashes) {}

  <R> R write(Target one, Target other, BiFunction<RowFile<Group>, RowFile<Group>, R> writer) {
    return write(one, first -> write(other, second -> writer.apply(first, second)));
  }

  private <R> R write(Target target, Function<RowFile<Group>, R> writer) {
    Path file = new Path(target.folder, PackedSequenceTable.fileName(index, count));
    return AttemptFile.write(
        hadoop,
        scratch,
        file,
        attempt -> {
          try (var out =
              target.hashes
                  ? RowFile.ofHashes(hadoop, attempt, target.schema)
                  : RowFile.ofGroups(hadoop, attempt, target.schema, Map.of())) {
            return writer.apply(out);
          }
        });
  }
}
