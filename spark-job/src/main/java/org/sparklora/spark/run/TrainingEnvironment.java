package org.sparklora.spark.run;

import java.io.PrintStream;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.prep.TableConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/**
 * Where a run trains: on the executors of a session ({@link SparkSessions#place}), or in the
 * calling thread alone, without a session, as a task of a larger job. Both give the same bits for
 * the same number of workers.
 */
public interface TrainingEnvironment {
  /** Hadoop's settings, which name file systems. */
  Configuration hadoop();

  /**
   * Number of workers that train one model.
   *
   * @param requested {@code num_workers}
   * @throws org.sparklora.pipeline.config.ConfigException if there cannot be so many
   */
  int count(Optional<Integer> requested);

  /** Workers for the parts of a step, {@code count} at once. */
  Workers workers(int count);

  /**
   * Workers for parts of which each has the same result, however many workers there are; warns if
   * several were requested and this process does all work.
   */
  default Workers sharing(Optional<Integer> requested) {
    int count = count(requested);
    return ExecutorWorkers.saysWhereIdle(workers(count), count);
  }

  /** Memory for a training process. */
  MachineMemory memory();

  /** Finds or makes the table of a dataset; returns the table's folder. */
  String table(TableConfig config);

  /** Finds or makes the prompts table of a dataset, and reads it. */
  default List<Prompt> prompts(PromptsConfig config) {
    return PromptTable.read(hadoop(), table(config));
  }

  /** Refuses a dataset that does not exist, before the output folder is claimed. */
  default void requireDataset(TableConfig config) {} // a task's table exists already

  /** Refuses a missing split to evaluate on, before the split to train on is prepared. */
  default void requireTestSplit(TableConfig testing, TableConfig training) {}

  /** Names the group of the Spark jobs of this thread from now on, such as {@code sft out/r64}. */
  default void group(String run) {} // a task's larger job has a name

  /** Where log rows are shown. */
  default PrintStream out() {
    return System.out;
  }

  /**
   * Whether the run is a task of a larger job, which has checked the data before, and itself
   * reports its progress when the process is stopped.
   */
  default boolean isTask() {
    return false;
  }

  /** Trains in the calling thread, and shows log rows on {@code out}. Tables must exist already. */
  record OfThread(Configuration hadoop, PrintStream out) implements TrainingEnvironment {
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
    public String table(TableConfig config) {
      return PreparedTables.made(hadoop, config);
    }

    @Override
    public boolean isTask() {
      return true;
    }
  }
}
