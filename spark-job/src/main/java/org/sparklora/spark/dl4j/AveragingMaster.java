package org.sparklora.spark.dl4j;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.spark.workers.ShardedSum;

/**
 * DL4J's training master of one round. It adds up the workers' vectors in shards on the workers,
 * instead of in a tree that ends at the driver.
 */
final class AveragingMaster extends ParameterAveragingTrainingMaster {
  private static final long serialVersionUID = 1L;

  private final transient AveragingWorker worker;
  private final transient RoundVectors vectors;
  private transient List<AveragingWorker.Report> reports = List.of();

  AveragingMaster(
      AveragingWorker worker, int workers, int averagingFrequency, RoundVectors vectors) {
    super(
        new Builder(workers, 1)
            .batchSizePerWorker(1) // a DataSet is one example: a whole step
            .averagingFrequency(averagingFrequency)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .repartionData(Repartition.Never)
            .storageLevel(null) // the round's rows are read once
            .workerPrefetchNumBatches(0));
    this.worker = worker;
    this.vectors = vectors;
  }

  /** The reports of the round's workers, in the workers' order. */
  List<AveragingWorker.Report> reports() {
    return reports;
  }

  /** Trains one round on all data, which DL4J would first count, to divide it into rounds. */
  @Override
  public void executeTraining(SparkDl4jMultiLayer spark, JavaRDD<DataSet> round) {
    doIteration(spark, round, 1, 1);
  }

  @Override
  public AveragingWorker getWorkerInstance(SparkDl4jMultiLayer spark) {
    return worker;
  }

  @Override
  protected void processResults(
      SparkDl4jMultiLayer spark,
      SparkComputationGraph graph,
      JavaRDD<ParameterAveragingTrainingResult> results,
      int split,
      int splits) {
    reports =
        ShardedSum.run(
            results.map(result -> ((AveragingWorker.Result) result).given()),
            vectors.dither(),
            vectors);
  }
}
