package org.sparklora.spark.dl4j;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.DType;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.FlatVector;

/**
 * DL4J's training master of one round. It averages in shards on the workers, instead of in a tree
 * that ends at the driver. If vectors travel as bfloat16, the driver's stay float32 and the mean of
 * the workers' changes is added to them.
 */
final class AveragingMaster extends ParameterAveragingTrainingMaster {
  private static final long serialVersionUID = 1L;

  private final transient AveragingWorker worker;
  private final transient int workers;
  private final transient DType onWire;
  private transient List<AveragingWorker.Report> reports = List.of();

  AveragingMaster(AveragingWorker worker, int workers, int averagingFrequency, DType onWire) {
    super(
        new Builder(workers, 1)
            .batchSizePerWorker(1) // a DataSet is one example: a whole step
            .averagingFrequency(averagingFrequency)
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .repartionData(Repartition.Never)
            .storageLevel(null) // the round's rows are read once
            .workerPrefetchNumBatches(0));
    this.worker = worker;
    this.workers = workers;
    this.onWire = onWire;
  }

  /** DL4J's configuration of a worker. */
  static WorkerConfiguration configuration(int averagingFrequency) {
    return new WorkerConfiguration(false, 1, 1, averagingFrequency, 0, false);
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
    List<INDArray> vectors = NetworkVectors.arrays(spark.getNetwork());
    reports =
        ShardedSum.run(
            results.map(result -> ((AveragingWorker.Result) result).given()),
            vectors.stream().map(INDArray::length).toList(),
            (vector, from, shard) ->
                take(shard, FlatVector.at(NetworkVectors.address(vectors.get(vector)), from)));
    if (onWire == DType.FLOAT32) {
      vectors.forEach(sum -> sum.divi(reports.size()));
    } else {
      // workers start from rounded moments, so a change may exceed the driver's moment: clamp at 0
      long parameters = vectors.get(0).length();
      INDArray moments = vectors.get(1).reshape(2 * parameters);
      Transforms.max(moments.get(NDArrayIndex.interval(parameters, 2 * parameters)), 0, false);
    }
  }

  /** Copies a shard of the workers' sum (float32), or adds the mean of their changes (bfloat16). */
  private void take(FlatVector shard, Pointer ours) {
    if (onWire == DType.FLOAT32) {
      shard.copyTo(ours);
    } else {
      shard.addTo(1f / workers, ours);
    }
  }
}
