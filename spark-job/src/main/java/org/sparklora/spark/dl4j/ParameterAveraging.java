package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.spark.train.AveragingError;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.workers.NamedJob;

/**
 * {@code --sync parameters}: DL4J's parameter averaging. Every worker steps on its own rows for
 * {@code averagingFrequency} steps, then parameters and AdamW's moments are averaged.
 *
 * <p>Each round is one {@code fit()} over exactly that round's data: DL4J shuffles what it has to
 * split into rounds itself, and with it the order of the rows.
 */
public final class ParameterAveraging implements Synchronizer {
  private final JavaSparkContext spark;
  private final AdapterNetwork network;
  private final int workers;
  private final int averagingFrequency;
  private final AveragingError averagingError;
  private final String what;

  /**
   * @param model what {@code network} was made for
   * @param workers how many step on their own
   * @param averagingFrequency steps between two averages
   */
  public ParameterAveraging(
      JavaSparkContext spark,
      TrainedModel model,
      AdapterNetwork network,
      int workers,
      int averagingFrequency) {
    this.spark = spark;
    this.network = network;
    this.workers = workers;
    this.averagingFrequency = averagingFrequency;
    this.averagingError = AveragingError.of(model);
    this.what = model.lora().isPresent() ? "adapter" : "model";
  }

  @Override
  public int stepsPerRound() {
    return averagingFrequency;
  }

  @Override
  public RoundReport train(List<List<StepRows>> rows) {
    int firstStep =
        rows.stream().flatMap(List::stream).mapToInt(StepRows::step).min().orElseThrow();
    int lastStep = rows.stream().flatMap(List::stream).mapToInt(StepRows::step).max().orElseThrow();
    WorkerReports<StepMetrics> metrics = new WorkerReports<>(spark, "step metrics");
    WorkerReports<float[]> sketches = new WorkerReports<>(spark, "sketches");
    ExecutorReports executors = new ExecutorReports(spark);
    List<List<StepRows>> busy = rows.stream().filter(worker -> !worker.isEmpty()).toList();
    NamedJob.name(spark, name(firstStep + 1, lastStep + 1, busy.size()));
    // the round's iterations start where the last round's ended, however many steps that had
    network.network().getLayerWiseConfigurations().setIterationCount(firstStep);
    try (AveragingMaster master =
        AveragingMaster.of(spark, network.network(), busy.size(), averagingFrequency)) {
      master.addHook(
          new StepHook(
              metrics,
              busy.size() > 1 ? averagingError : AveragingError.none(),
              sketches,
              executors));
      new SparkDl4jMultiLayer(spark, network.network(), master).fit(partitions(busy));
      return new RoundReport(
          bySteps(metrics.inOrder()),
          averagingError.relative(List.copyOf(sketches.inOrder()), network.parameters()),
          executors.use(busy.size(), master.vectorBytes(network.network())));
    }
  }

  private String name(int firstStep, int lastStep, int count) {
    String steps =
        firstStep == lastStep
            ? "step " + lastStep
            : "steps %d to %d".formatted(firstStep, lastStep);
    return count == 1
        ? "%s: train %s".formatted(steps, what)
        : "%s: average %d %ss".formatted(steps, count, what);
  }

  /** One partition a worker, with its steps in order. */
  private JavaRDD<DataSet> partitions(List<List<StepRows>> busy) {
    List<int[][]> encoded =
        busy.stream()
            .map(worker -> worker.stream().map(StepRows::encode).toArray(int[][]::new))
            .toList();
    return spark.parallelize(encoded, encoded.size()).flatMap(new ToDataSets());
  }

  private static List<StepMetrics> bySteps(Collection<StepMetrics> workers) {
    Map<Integer, List<StepMetrics>> steps = new TreeMap<>();
    workers.forEach(
        metrics -> steps.computeIfAbsent(metrics.step(), s -> new ArrayList<>()).add(metrics));
    return steps.values().stream().map(StepMetrics::ofWorkers).toList();
  }
}
