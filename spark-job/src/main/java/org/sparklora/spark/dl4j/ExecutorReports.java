package org.sparklora.spark.dl4j;

import java.io.Serializable;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.spark.meter.ExecutorReading;
import org.sparklora.spark.meter.ExecutorUse;

/** What executors tell of themselves beside their workers' results. */
final class ExecutorReports implements Serializable {
  private static final long serialVersionUID = 1L;

  private final WorkerReports<ExecutorReading> readings;

  ExecutorReports(JavaSparkContext spark) {
    this.readings = new WorkerReports<>(spark, "executors' readings");
  }

  /** Called in a task when a worker's last step of a round is done. */
  void add(int step) {
    readings.add(step, ExecutorMeter.here().read(SparkEnv.get().executorId()));
  }

  /**
   * Of all reports.
   *
   * @param vectorBytes what each executor was sent and each worker returned; 0 if all are one
   *     process
   */
  ExecutorUse use(int workers, long vectorBytes) {
    ExecutorUse use = new ExecutorUse();
    readings.inOrder().forEach(use::add);
    use.addBytes(vectorBytes * (use.executors() + workers));
    return use;
  }
}
