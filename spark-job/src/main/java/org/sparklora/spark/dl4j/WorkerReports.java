package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.Collection;
import java.util.TreeMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.CollectionAccumulator;

/**
 * What workers report besides their results. Spark computes a partition again when an executor is
 * lost with it, and its accumulators would count that twice; here a worker's report of a step
 * replaces its earlier one, which is equal.
 *
 * <p>One partition is one worker. On executors thread-safe; read on the driver.
 */
final class WorkerReports<T extends Serializable> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final CollectionAccumulator<Report<T>> reports;

  WorkerReports(JavaSparkContext spark, String name) {
    this.reports = spark.sc().collectionAccumulator(name);
  }

  private record Report<T extends Serializable>(int worker, int step, T content)
      implements Serializable {}

  /** Called in a task, whose partition names the worker. */
  void add(int step, T content) {
    reports.add(new Report<>(TaskContext.getPartitionId(), step, content));
  }

  /** All reports, by step and worker. */
  Collection<T> inOrder() {
    TreeMap<Long, T> ordered = new TreeMap<>();
    for (Report<T> report : reports.value()) {
      ordered.put(((long) report.step << Integer.SIZE) + report.worker, report.content);
    }
    return ordered.values();
  }
}
