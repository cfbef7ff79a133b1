package org.sparklora.prep;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.SplitGroup;

/** The dataset of a job as found: files, or a table. */
public sealed interface DatasetInput permits FileInput, TableInput {

  /**
   * Finds the dataset that {@code source} names.
   *
   * @throws ConfigException if the dataset does not exist or is empty
   * @throws org.sparklora.prep.source.BadRowException for a file that cannot be read, unless bad
   *     rows are skipped
   */
  static DatasetInput find(SessionTables session, PrepConfig.Source source) {
    return findFiles(session.hadoop(), source).orElseGet(() -> TableInput.of(session, source));
  }

  /** Finds a dataset of files; empty if the source names a table, which only a session can open. */
  static Optional<DatasetInput> findFiles(Configuration configuration, PrepConfig.Source source) {
    return source.readsTable(configuration)
        ? Optional.empty()
        : Optional.of(FileInput.find(configuration, source));
  }

  PrepConfig.Source source();

  /** Includes the files that could not be cut into splits. */
  PrepCounts counts();

  /** Describes the dataset in one line, for logs. */
  String description();

  /**
   * The first non-null value of each column.
   *
   * @throws ConfigException if there is no row, or no readable one and bad rows are skipped
   * @throws org.sparklora.prep.source.BadRowException for the first bad row if none can be read
   */
  Map<String, Object> sample(Configuration configuration);

  /**
   * The splits in a form that tasks can read, grouped by task.
   *
   * @param scratch a folder on the table's file system that all machines see; the job deletes it
   */
  List<SplitGroup> readable(SessionTables session, Path scratch);

  /** The files that are read, unless Spark SQL reads them as a table. */
  default List<DatasetFile> files() {
    return List.of();
  }

  /** The files that are read, or the folder of the table if it has one. */
  default List<Path> places() {
    return files().stream().map(DatasetFile::hadoopPath).toList();
  }

  /** The identity of the table under the manifest's keys; empty for files. */
  default Map<String, Object> origin() {
    return Map.of();
  }
}
