package org.sparklora.spark.dl4j;

import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.cli.TinyModelRuns;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.spark.workers.PlacedJob;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.workers.Workers;

/** Tests whose workers train {@link TinyAdapter}, the model of which they load once. */
abstract class TinyAdapterRuns extends TinyModelRuns {
  static TinyAdapter adapter;

  @BeforeAll
  static void openTheAdapter() {
    adapter = TinyAdapter.of(model);
  }

  @AfterAll
  static void freeTheModel() {
    ExecutorModel.release(adapter.model());
  }

  @AfterEach
  void shareMemoryAgain() {
    TestSpark.shareMemory(true);
  }

  /** Workers of the open session. */
  static Workers workers(int count) {
    return workers(spark, count);
  }

  static Workers workers(SparkSession session, int count) {
    JavaSparkContext context = new JavaSparkContext(session.sparkContext());
    return ExecutorWorkers.of(context, count, new PlacedJob(context));
  }
}
