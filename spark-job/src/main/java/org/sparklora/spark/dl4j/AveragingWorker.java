package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.sparklora.spark.meter.ExecutorMeter;
import org.sparklora.spark.meter.ExecutorReading;
import org.sparklora.spark.train.AveragingError;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainingRows;
import org.sparklora.spark.workers.SharedVector;

/**
 * DL4J's worker of one round: takes parameters and moments as raw floats, reads its rows itself,
 * and tells beside its result what DL4J does not. Each task has one of its own.
 */
final class AveragingWorker extends ParameterAveragingTrainingWorker {
  private static final long serialVersionUID = 1L;

  private final MultiLayerConfiguration configuration;
  private final TrainingRows rows;
  private final SharedVector parameters;
  private final SharedVector moments;
  private final AveragingError averagingError;
  private final List<StepMetrics> steps = new ArrayList<>();

  AveragingWorker(
      WorkerConfiguration worker,
      MultiLayerConfiguration configuration,
      TrainingRows rows,
      SharedVector parameters,
      SharedVector moments,
      AveragingError averagingError) {
    super(null, true, worker, null, null, null); // without DL4J's broadcast, hooks and listeners
    this.configuration = configuration;
    this.rows = rows;
    this.parameters = parameters;
    this.moments = moments;
    this.averagingError = averagingError;
  }

  /**
   * What a worker tells of its round, beside parameters and moments.
   *
   * @param sketches one of its parameters where the averaging error is measured, else none
   */
  record Report(List<StepMetrics> steps, List<float[]> sketches, ExecutorReading reading)
      implements Serializable {}

  /** DL4J's result with a report. */
  static final class Result extends ParameterAveragingTrainingResult {
    private static final long serialVersionUID = 1L;

    private final transient Report report;
    private final transient MultiLayerNetwork network;

    private Result(MultiLayerNetwork network, Report report) {
      super(
          network.params(),
          network.getUpdater().getStateViewArray(),
          network.score(),
          null,
          null,
          null);
      this.network = network;
      this.report = report;
    }

    Report report() {
      return report;
    }

    /** Frees the worker's network. */
    void free() {
      AveragingWorker.free(network);
    }
  }

  /** Frees the arrays of a network of {@link #getInitialModel}. */
  static void free(MultiLayerNetwork network) {
    network.params().close();
    network.getUpdater().getStateViewArray().close();
    if (network.getFlattenedGradients() != null) { // made by the first step
      network.getFlattenedGradients().close();
    }
  }

  /** What DL4J does with a worker on an executor. */
  Result train(MultiLayerNetwork network, List<StepRows> all) {
    for (StepRows step : all) {
      processMinibatch(StepDataSet.of(step), network, false);
    }
    return getFinalResult(network);
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration.clone());
    network.init();
    copy(parameters.floats(), network.params());
    copy(moments.floats(), network.getUpdater().getStateViewArray());
    return network;
  }

  private static void copy(Pointer floats, INDArray target) {
    Pointer.memcpy(DecoderLayer.address(target), floats, target.length() * Float.BYTES);
  }

  @Override
  public Result processMinibatch(DataSet step, MultiLayerNetwork network, boolean isLast) {
    DecoderLayer layer = (DecoderLayer) network.getOutputLayer();
    layer.next(StepDataSet.rows(step), rows);
    super.processMinibatch(step, network, false);
    ExecutorMeter.here().trained(0, layer.nanosSinceGradient());
    steps.add(layer.metrics());
    return isLast ? getFinalResult(network) : null;
  }

  @Override
  public Result getFinalResult(MultiLayerNetwork network) {
    List<float[]> sketches =
        averagingError.sketch(DecoderLayer.address(network.params())).stream().toList();
    ExecutorReading reading = ExecutorMeter.here().read(SparkEnv.get().executorId());
    return new Result(network, new Report(List.copyOf(steps), sketches, reading));
  }
}
