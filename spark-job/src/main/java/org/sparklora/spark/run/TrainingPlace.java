package org.sparklora.spark.run;

import java.io.PrintStream;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.prep.TableConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.regret.MachineMemory;
import org.sparklora.spark.workers.LocalWorkers;
import org.sparklora.spark.workers.Workers;

/**
 * Where a run trains: on the executors of a session ({@link SparkSessions#place}), or within this
 * thread alone, as a task of a larger job does, where no session is. Both give the same bits for
 * the same number of workers.
 */
public interface TrainingPlace {
  /** Finds file systems. */
  Configuration hadoop();

  /**
   * How many work on one model.
   *
   * @param requested {@code num_workers}
   * @throws org.sparklora.pipeline.config.ConfigException if so many cannot
   */
  int count(Optional<Integer> requested);

  /** Who does the parts of a step's work, so many at once. */
  Workers workers(int count);

  /** What a training process can have. */
  MachineMemory memory();

  /** Finds or makes the table of a dataset; gives its folder. */
  String table(TableConfig<?> config);

  /**
   * Looks for the dataset, before the output folder is taken.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if it is not there
   */
  void requireDataset(TableConfig<?> config);

  /**
   * Looks, before the split to train on is prepared, whether there is one to evaluate on.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if the dataset has none apart
   */
  void requireTestSplit(TableConfig<?> testing, TableConfig<?> training);

  /** What Spark's pages call all that follows, such as {@code sft out/r64}. */
  void group(String run);

  /** Where log rows are shown. */
  PrintStream out();

  /**
   * Whether the run is a task of a larger job, which has looked at the data before, and says itself
   * how far it came when the process is stopped.
   */
  boolean isTask();

  /**
   * This thread of a process that may do other things beside it. Tables must have been made before.
   *
   * @param out where log rows are shown
   */
  static TrainingPlace ofThread(Configuration hadoop, PrintStream out) {
    return new OfThread(hadoop, out);
  }

  /** Without a session. */
  record OfThread(Configuration hadoop, PrintStream out) implements TrainingPlace {
    @Override
    public int count(Optional<Integer> requested) {
      return requested.orElse(1);
    }

    @Override
    public Workers workers(int count) {
      return new LocalWorkers();
    }

    @Override
    public MachineMemory memory() {
      return MachineMemory.here();
    }

    @Override
    public String table(TableConfig<?> config) {
      return PreparedTables.made(hadoop, config);
    }

    @Override
    public void requireDataset(TableConfig<?> config) {} // its table is there

    @Override
    public void requireTestSplit(TableConfig<?> testing, TableConfig<?> training) {}

    @Override
    public void group(String run) {} // the larger job has a name

    @Override
    public boolean isTask() {
      return true;
    }
  }
}
