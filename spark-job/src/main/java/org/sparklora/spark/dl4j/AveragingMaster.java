package org.sparklora.spark.dl4j;

import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.RDDTrainingApproach;
import org.deeplearning4j.spark.api.Repartition;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.api.worker.NetBroadcastTuple;
import org.deeplearning4j.spark.impl.graph.SparkComputationGraph;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingMaster;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.deeplearning4j.spark.impl.paramavg.aggregator.ParameterAveragingAggregationTuple;
import org.deeplearning4j.spark.impl.paramavg.aggregator.ParameterAveragingElementAddFunction;
import org.deeplearning4j.spark.impl.paramavg.aggregator.ParameterAveragingElementCombineFunction;
import org.nd4j.linalg.cpu.nativecpu.NDArray;
import org.sparklora.spark.workers.ExecutorsJob;

/**
 * DL4J's training master, one for each round, with what it lacks: it gives back the memory of its
 * broadcast, and in local mode hands arrays over in place.
 */
final class AveragingMaster extends ParameterAveragingTrainingMaster implements AutoCloseable {
  private static final long serialVersionUID = 1L;

  /** Of two it does not matter which comes first. */
  private static final int ORDERLESS = 2;

  /** Spark setting; false makes local mode serialise everything, as a cluster has to. */
  static final String SHARED_MEMORY = ExecutorsJob.SHARED_MEMORY;

  private final transient Optional<LocalMemory> local;
  private final int workers;
  private transient Broadcast<NetBroadcastTuple> broadcast;

  private AveragingMaster(Builder builder, Optional<LocalMemory> local, int workers) {
    super(builder);
    this.local = local;
    this.workers = workers;
  }

  static AveragingMaster of(
      JavaSparkContext spark, MultiLayerNetwork network, int workers, int averagingFrequency) {
    Builder builder =
        new Builder(workers, 1)
            .batchSizePerWorker(1) // a DataSet is one example: a whole step
            .averagingFrequency(averagingFrequency)
            .saveUpdater(
                true) // false by default, against its documentation: AdamW's moments would vanish
            // each round
            .rddTrainingApproach(RDDTrainingApproach.Direct)
            .repartionData(Repartition.Never)
            .storageLevel(null) // the round's rows are read once
            .workerPrefetchNumBatches(0);
    Optional<LocalMemory> local =
        sharesMemory(spark, network) ? Optional.of(LocalMemory.open(network)) : Optional.empty();
    return new AveragingMaster(builder, local, workers);
  }

  /** A device's arrays are not {@link LocalArray}s. */
  private static boolean sharesMemory(JavaSparkContext spark, MultiLayerNetwork network) {
    return spark.isLocal()
        && spark.getConf().getBoolean(SHARED_MEMORY, true)
        && network.params() instanceof NDArray;
  }

  /** Bytes of parameters and moments where they have to be sent; 0 where they are in place. */
  long vectorBytes(MultiLayerNetwork network) {
    long floats = network.numParams() + network.getUpdater().getStateViewArray().length();
    return local.isPresent() ? 0 : Float.BYTES * floats;
  }

  @Override
  public ParameterAveragingTrainingWorker getWorkerInstance(SparkDl4jMultiLayer spark) {
    MultiLayerNetwork network = spark.getNetwork();
    NetBroadcastTuple tuple =
        local
            .map(
                memory ->
                    new NetBroadcastTuple(
                        network.getLayerWiseConfigurations(),
                        memory.share(network.params()),
                        memory.share(network.getUpdater().getStateViewArray())))
            .orElseGet(
                () ->
                    new NetBroadcastTuple(
                        network.getLayerWiseConfigurations(),
                        network.params(),
                        network.getUpdater().getStateViewArray()));
    broadcast = spark.getSparkContext().broadcast(tuple);
    WorkerConfiguration configuration =
        new WorkerConfiguration(
            false,
            rddDataSetNumExamples,
            batchSizePerWorker,
            averagingFrequency,
            prefetchNumBatches,
            false);
    return local
        .<ParameterAveragingTrainingWorker>map(
            memory ->
                new LocalWorker(
                    broadcast, configuration, trainingHookList, memory.name(), workers == 1))
        .orElseGet(
            () ->
                new ParameterAveragingTrainingWorker(
                    broadcast, true, configuration, trainingHookList, null, null));
  }

  /**
   * DL4J's aggregation but for the order, on which a sum of three or more depends: Spark adds up as
   * workers finish, this as they are numbered.
   */
  @Override
  protected void processResults(
      SparkDl4jMultiLayer spark,
      SparkComputationGraph graph,
      JavaRDD<ParameterAveragingTrainingResult> results,
      int split,
      int splits) {
    if (workers <= ORDERLESS) {
      super.processResults(spark, graph, results, split, splits);
      return;
    }
    ParameterAveragingElementAddFunction first = new ParameterAveragingElementAddFunction();
    Aggregate sum = new Aggregate();
    // DL4J's sums can travel, its results not
    WorkersOrder.forEach(results.map(result -> first.call(null, result)), sum::add);
    sum.averageInto(spark);
    MultiLayerConfiguration configuration = spark.getNetwork().getLayerWiseConfigurations();
    configuration.setIterationCount(configuration.getIterationCount() + averagingFrequency);
  }

  /** Sums of workers' parameters and moments. */
  private static final class Aggregate {
    private final ParameterAveragingElementCombineFunction combine =
        new ParameterAveragingElementCombineFunction();
    private ParameterAveragingAggregationTuple sum; // null before the first, as DL4J has it

    void add(ParameterAveragingAggregationTuple worker) {
      try {
        sum = combine.call(sum, worker);
      } catch (Exception e) { // Spark's interface declares it, DL4J's function throws none
        throw new IllegalStateException(e);
      }
    }

    void averageInto(SparkDl4jMultiLayer spark) {
      int count = sum.getAggregationsCount();
      MultiLayerNetwork network = spark.getNetwork();
      network.setParameters(sum.getParametersSum().divi(count));
      network.getUpdater().setStateViewArray(null, sum.getUpdaterStateSum().divi(count), false);
      spark.setScore(sum.getScoreSum() / count);
    }
  }

  @Override
  public void close() {
    if (broadcast != null) {
      broadcast.destroy(); // DL4J keeps one a round, each with parameters and moments
    }
    local.ifPresent(LocalMemory::close);
  }
}
