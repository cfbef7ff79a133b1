package org.sparklora.spark.dl4j;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.workers.ShardedSumJob;

/**
 * DL4J's training master, one for each round, which averages in shards on the workers instead of in
 * a tree that ends at the driver.
 */
final class AveragingMaster extends ParameterAveragingTrainingMaster {
  private static final long serialVersionUID = 1L;

  private final transient AveragingWorker worker;
  private transient List<AveragingWorker.Report> reports = List.of();

  AveragingMaster(AveragingWorker worker, int workers, int averagingFrequency) {
    super(
        new Builder(workers, 1)
            .batchSizePerWorker(1) // a DataSet is one example: a whole step
            .averagingFrequency(averagingFrequency)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .repartionData(Repartition.Never)
            .storageLevel(null) // the round's rows are read once
            .workerPrefetchNumBatches(0));
    this.worker = worker;
  }

  /** How DL4J runs a worker. */
  static WorkerConfiguration configuration(int averagingFrequency) {
    return new WorkerConfiguration(false, 1, 1, averagingFrequency, 0, false);
  }

  /** What the workers of the round told, in their order. */
  List<AveragingWorker.Report> reports() {
    return reports;
  }

  /** DL4J would count the data first, to divide it into rounds: it is one, as it comes. */
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
    MultiLayerNetwork network = spark.getNetwork();
    List<INDArray> vectors = List.of(network.params(), network.getUpdater().getStateViewArray());
    reports =
        ShardedSumJob.run(
            results.map(result -> given((AveragingWorker.Result) result)),
            vectors.stream().map(INDArray::length).toList(),
            (vector, from, shard) ->
                shard.copyTo(FlatVector.at(DecoderLayer.address(vectors.get(vector)), from)));
    vectors.forEach(sum -> sum.divi(reports.size()));
  }

  private static ShardedSumJob.Given<AveragingWorker.Report> given(AveragingWorker.Result result) {
    INDArray parameters = result.getParameters();
    INDArray moments = result.getUpdaterState();
    return new ShardedSumJob.Given<>(
        List.of(
            FlatVector.over(DecoderLayer.address(parameters), parameters.length()),
            FlatVector.over(DecoderLayer.address(moments), moments.length())),
        result.report(),
        result::free);
  }
}
