package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.model.engine.DType;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.spark.workers.JobNames;
import org.sparklora.train.AveragingError;
import org.sparklora.train.FlatVector;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.Synchronizer;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * {@code --sync parameters}: DL4J's parameter averaging. Every worker steps on its own rows for
 * {@code averagingFrequency} steps, then parameters and AdamW's moments are averaged.
 *
 * <p>Each round is one {@code fit()} over exactly that round's data: DL4J would shuffle data that
 * it splits into rounds, and so change the order of the rows. In local mode nothing is sent: DL4J's
 * workers train one after the other; a single worker trains the driver's own network.
 */
public final class ParameterAveraging implements Synchronizer {
  private final Workers workers;
  private final TrainedNetwork adapters;
  private final MultiLayerNetwork network;
  private final TrainingRows rows;
  private final int averagingFrequency;
  private final DType onWire;
  private final AveragingError averagingError;
  private final String what;

  /**
   * @param workers train separately between two averages
   * @param model the model that {@code network} was made for
   * @param rows the training rows
   * @param averagingFrequency steps between two averages
   * @param onWire type of parameters and moments between executors and driver: float32 or bfloat16
   */
  public ParameterAveraging(
      Workers workers,
      TrainedModel model,
      TrainedNetwork network,
      TrainingRows rows,
      int averagingFrequency,
      DType onWire) {
    this.workers = workers;
    this.adapters = network;
    this.network = network.network();
    this.rows = rows;
    this.averagingFrequency = averagingFrequency;
    this.onWire = onWire;
    this.averagingError = AveragingError.of(model);
    this.what = model.lora().isPresent() ? "adapter" : "model";
  }

  @Override
  public int stepsPerRound() {
    return averagingFrequency;
  }

  @Override
  public RoundReport train(List<List<StepRows>> steps) {
    int firstStep =
        steps.stream().flatMap(List::stream).mapToInt(StepRows::step).min().orElseThrow();
    int lastStep =
        steps.stream().flatMap(List::stream).mapToInt(StepRows::step).max().orElseThrow();
    List<List<StepRows>> busy = steps.stream().filter(worker -> !worker.isEmpty()).toList();
    if (workers instanceof ExecutorWorkers executors) {
      JobNames.name(executors.spark(), name(firstStep + 1, lastStep + 1, busy.size()));
    }
    ExecutorUse use = new ExecutorUse();
    List<AveragingWorker.Report> reports = round(busy);
    network.getLayerWiseConfigurations().setIterationCount(lastStep + 1);
    reports.forEach(report -> use.add(report.reading()));
    if (workers instanceof ExecutorWorkers) {
      // one copy to each executor, one from each worker
      use.addBytes(vectorBytes() * (use.executors() + busy.size()));
    }
    List<float[]> sketches =
        reports.stream().flatMap(report -> report.sketches().stream()).toList();
    return new RoundReport(
        bySteps(reports.stream().flatMap(report -> report.steps().stream()).toList()),
        sketches.isEmpty()
            ? OptionalDouble.empty()
            : averagingError.relative(sketches, adapters.vectors().parameters()),
        use);
  }

  private List<AveragingWorker.Report> round(List<List<StepRows>> busy) {
    if (busy.size() == 1 && !(workers instanceof ExecutorWorkers)) {
      // the average over one worker is that worker's vectors, which need not be copied
      AveragingWorker alone = worker(List.of(), AveragingError.none());
      return List.of(alone.trainAlone(network, busy.get(0)));
    }
    AveragingError error = busy.size() > 1 ? averagingError : AveragingError.none();
    List<INDArray> ours = NetworkVectors.arrays(network);
    try (SharedVector parameters = share(ours.get(0));
        SharedVector moments = share(ours.get(1))) {
      Supplier<AveragingWorker> worker = () -> worker(List.of(parameters, moments), error);
      if (!(workers instanceof ExecutorWorkers executors)) {
        return here(busy, worker);
      }
      AveragingMaster master =
          new AveragingMaster(worker.get(), busy.size(), averagingFrequency, onWire);
      JavaSparkContext spark = executors.spark();
      new SparkDl4jMultiLayer(spark, network, master).fit(partitions(executors, busy));
      return master.reports();
    }
  }

  private AveragingWorker worker(List<SharedVector> start, AveragingError error) {
    return new AveragingWorker(
        AveragingMaster.configuration(averagingFrequency),
        network.getLayerWiseConfigurations(),
        rows,
        start,
        error);
  }

  private SharedVector share(INDArray vector) {
    Pointer floats = NetworkVectors.address(vector);
    return onWire != DType.FLOAT32 && workers instanceof ExecutorWorkers executors
        ? executors.share(FlatVector.copyOf(floats, vector.length(), onWire))
        : workers.share(floats, vector.length());
  }

  /** Bytes of parameters and moments on the wire. */
  private long vectorBytes() {
    return NetworkVectors.arrays(network).stream().mapToLong(INDArray::length).sum()
        * onWire.bytes();
  }

  /** One partition per worker, with its steps in order; executors make DL4J's data sets. */
  private static JavaRDD<DataSet> partitions(ExecutorWorkers executors, List<List<StepRows>> busy) {
    return executors.parts(busy).flatMap(worker -> worker.stream().map(StepDataSet::of).iterator());
  }

  private List<AveragingWorker.Report> here(
      List<List<StepRows>> busy, Supplier<AveragingWorker> workers) {
    List<AveragingWorker.Report> reports = new ArrayList<>();
    List<INDArray> ours = NetworkVectors.arrays(network);
    List<INDArray> sums = new ArrayList<>();
    try {
      for (List<StepRows> steps : busy) {
        reports.add(addTo(sums, workers.get(), steps));
      }
      for (int v = 0; v < sums.size(); v++) {
        ours.get(v).assign(sums.get(v).divi(busy.size()));
      }
      return reports;
    } finally {
      sums.forEach(INDArray::close);
    }
  }

  /**
   * Trains a worker and adds its vectors to {@code sums}, or puts copies there for the first
   * worker.
   */
  private static AveragingWorker.Report addTo(
      List<INDArray> sums, AveragingWorker worker, List<StepRows> steps) {
    MultiLayerNetwork copy = worker.getInitialModel();
    try {
      AveragingWorker.Result result = worker.train(copy, steps);
      List<INDArray> vectors = List.of(result.getParameters(), result.getUpdaterState());
      if (sums.isEmpty()) {
        vectors.forEach(vector -> sums.add(vector.dup()));
      } else {
        for (int v = 0; v < vectors.size(); v++) {
          sums.get(v).addi(vectors.get(v));
        }
      }
      return result.report();
    } finally {
      NetworkVectors.free(copy);
    }
  }

  private String name(int firstStep, int lastStep, int count) {
    String steps =
        firstStep == lastStep
            ? "step " + lastStep
            : "steps %s to %s".formatted(firstStep, lastStep);
    return count == 1
        ? "%s: train %s".formatted(steps, what)
        : "%s: average %s %ss".formatted(steps, count, what);
  }

  private static List<StepMetrics> bySteps(Collection<StepMetrics> workers) {
    Map<Integer, List<StepMetrics>> steps = new TreeMap<>();
    workers.forEach(
        metrics -> steps.computeIfAbsent(metrics.step(), s -> new ArrayList<>()).add(metrics));
    return steps.values().stream().map(StepMetrics::ofWorkers).toList();
  }
}
