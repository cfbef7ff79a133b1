package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalDouble;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.broadcast.Broadcast;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.workers.NamedJob;

/**
 * {@code --sync gradients}: executors return gradients summed over their tokens, the driver applies
 * one DL4J update.
 *
 * <p>The global batch does not depend on the number of workers, so neither does the result: exactly
 * in local mode, where all add to one gradient in turn; up to the rounding of a float32 sum on a
 * cluster, where each adds up its own first. For a number of workers it is always the same.
 */
public final class SummedGradients implements Synchronizer {
  private final JavaSparkContext spark;
  private final TrainedModel model;
  private final AdapterNetwork adapters;
  private final MultiLayerNetwork network;
  private final double maxGradNorm;

  /**
   * @param model what {@code network} was made for
   * @param maxGradNorm larger gradients are clipped to it; 0 for none
   */
  public SummedGradients(
      JavaSparkContext spark, TrainedModel model, AdapterNetwork network, double maxGradNorm) {
    this.spark = spark;
    this.model = model;
    this.adapters = network;
    this.network = network.network();
    this.maxGradNorm = maxGradNorm;
    this.network.initGradientsView();
  }

  @Override
  public int stepsPerRound() {
    return 1;
  }

  @Override
  public RoundReport train(List<List<StepRows>> rows) {
    List<int[]> encoded = rows.stream().flatMap(List::stream).map(StepRows::encode).toList();
    int step = rows.get(0).get(0).step();
    NamedJob.name(spark, "step %d: add %d gradients".formatted(step + 1, encoded.size()));
    INDArray gradient = network.getFlattenedGradients();
    gradient.assign(0);
    Reports reports =
        new Reports(new WorkerReports<>(spark, "step metrics"), new ExecutorReports(spark));
    boolean inPlace =
        spark.isLocal() && spark.getConf().getBoolean(AveragingMaster.SHARED_MEMORY, true);
    if (inPlace) {
      sumInPlace(encoded, gradient, reports);
    } else {
      sumOverWire(encoded, gradient, reports);
    }
    StepMetrics sum = StepMetrics.sum(reports.metrics.inOrder()).orElseThrow();
    double norm = GradientClip.apply(gradient, maxGradNorm, step);
    adapters.update(step, gradient);
    return new RoundReport(
        List.of(sum.withGradNorm(norm)),
        OptionalDouble.empty(),
        reports.executors.use(encoded.size(), inPlace ? 0 : Float.BYTES * network.numParams()));
  }

  private void sumInPlace(List<int[]> encoded, INDArray gradient, Reports reports) {
    try (GradientExchange exchange =
        GradientExchange.open(
            DecoderLayer.address(network.params()), DecoderLayer.address(gradient))) {
      partitions(encoded).foreachPartition(new AddInPlace(model, exchange.name(), reports));
    }
  }

  private void sumOverWire(List<int[]> encoded, INDArray gradient, Reports reports) {
    try (FlatVector copy =
            FlatVector.copyOf(DecoderLayer.address(network.params()), network.numParams());
        FlatVector sum = new FlatVector(network.numParams())) {
      Broadcast<FlatVector> parameters = spark.broadcast(copy);
      try {
        WorkersOrder.forEach(
            partitions(encoded).mapPartitions(new SumMicroBatches(model, parameters, reports)),
            part -> {
              try (part) {
                sum.add(part);
              }
            });
      } finally {
        parameters.destroy();
      }
      sum.copyTo(DecoderLayer.address(gradient));
    }
  }

  private JavaRDD<int[]> partitions(List<int[]> encoded) {
    return spark.parallelize(encoded, encoded.size());
  }

  /** What workers tell beside the gradient. */
  private record Reports(WorkerReports<StepMetrics> metrics, ExecutorReports executors)
      implements Serializable {
    void add(StepMetrics measured) {
      metrics.add(measured.step(), measured);
      executors.add(measured.step());
    }
  }

  /** An executor in the driver's JVM: adds to the driver's gradient, returns nothing. */
  private record AddInPlace(TrainedModel model, String exchange, Reports reports)
      implements VoidFunction<Iterator<int[]>> {

    @Override
    public void call(Iterator<int[]> rows) throws InterruptedException {
      GradientExchange shared = GradientExchange.find(exchange).orElseThrow();
      try (ExecutorModel here = ExecutorModel.of(model)) {
        while (rows.hasNext()) {
          reports.add(shared.accumulate(here, StepRows.decode(rows.next())));
        }
      }
    }
  }

  /** An executor elsewhere: micro-batches in, one gradient out. */
  private record SumMicroBatches(
      TrainedModel model, Broadcast<FlatVector> parameters, Reports reports)
      implements FlatMapFunction<Iterator<int[]>, FlatVector> {

    @Override
    public Iterator<FlatVector> call(Iterator<int[]> rows) {
      FlatVector gradient = new FlatVector(parameters.value().size()).handedOver();
      try (ExecutorModel here = ExecutorModel.of(model)) {
        while (rows.hasNext()) {
          StepRows step = StepRows.decode(rows.next());
          reports.add(here.accumulate(step, parameters.value().pointer(), gradient.pointer()));
        }
        return List.of(gradient).iterator();
      } catch (RuntimeException | Error e) {
        gradient.close();
        throw e;
      }
    }
  }
}
