package org.sparklora.prep;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.prep.table.SelectedTable;

/** The dataset of a job as it was found: files, or a table. */
sealed interface DatasetInput permits FileInput, TableInput {

  /**
   * Finds it.
   *
   * @param tables opens the table that the source names, where it names one
   * @throws ConfigException when there is none, or nothing in it
   * @throws org.sparklora.prep.source.BadRowException for a file that cannot be read, unless such
   *     are skipped
   */
  static DatasetInput find(
      Configuration configuration, PrepConfig.Source source, Supplier<SelectedTable> tables) {
    return findFiles(configuration, source).orElseGet(() -> TableInput.of(source, tables));
  }

  /** As {@link #find}; empty if the source names a table, which only a session finds. */
  static Optional<DatasetInput> findFiles(Configuration configuration, PrepConfig.Source source) {
    return source.readsTable(configuration)
        ? Optional.empty()
        : Optional.of(FileInput.find(configuration, source));
  }

  PrepConfig.Source source();

  /** Has what could not even be cut into splits. */
  PrepCounts counts();

  /** What was found, for logs. */
  String description();

  /**
   * By column the first value that is not null.
   *
   * @throws ConfigException if it has no row, or none can be read and bad ones are skipped
   * @throws org.sparklora.prep.source.BadRowException for the first row when none can be read
   */
  Map<String, Object> sample(Configuration configuration);

  /**
   * The splits as tasks can read them, those of a task together.
   *
   * @param sameMachine whether tasks run on the driver's
   * @param scratch a folder of the table's file system, which all machines see and the job deletes
   */
  List<SplitGroup> readable(Configuration configuration, boolean sameMachine, Path scratch);

  /** Two readings with the same fingerprint have the same rows in the same order. */
  String fingerprint(Configuration configuration);

  /** Which table was read, by what a manifest calls it; empty if it is files. */
  Map<String, Object> origin();

  /** Throws {@link ConfigException} with the first problem that was met, unless there are rows. */
  default void requireRows(boolean there, String problem) {
    List<String> problems = counts().problems();
    ConfigException.require(
        there,
        Flags.DATASET_NAME,
        source().dataset(),
        problem
            + "; name a dataset with rows"
            + (problems.isEmpty() ? "" : ". First problem: " + problems.get(0)));
  }
}
