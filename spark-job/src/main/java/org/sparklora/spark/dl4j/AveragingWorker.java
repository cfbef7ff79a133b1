package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.sparklora.model.engine.DType;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.AveragingError;
import org.sparklora.train.FlatVector;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.meter.ExecutorReading;
import org.sparklora.train.workers.SharedVector;

/**
 * DL4J's worker of one round: receives parameters and moments as raw vectors, reads its rows
 * itself, and adds a {@link Report} to DL4J's result. Each task has its own worker.
 *
 * <p>If it received bfloat16, it returns the changes of parameters and moments in bfloat16:
 * rounding a large number would lose a small change.
 */
final class AveragingWorker extends ParameterAveragingTrainingWorker {
  private static final long serialVersionUID = 1L;

  private final MultiLayerConfiguration configuration;
  private final TrainingRows rows;
  private final List<SharedVector> start; // parameters, moments
  private final AveragingError averagingError;
  private final List<StepMetrics> steps = new ArrayList<>();

  AveragingWorker(
      WorkerConfiguration worker,
      MultiLayerConfiguration configuration,
      TrainingRows rows,
      List<SharedVector> start,
      AveragingError averagingError) {
    super(null, true, worker, null, null, null); // without DL4J's broadcast, hooks and listeners
    this.configuration = configuration;
    this.rows = rows;
    this.start = List.copyOf(start);
    this.averagingError = averagingError;
  }

  /**
   * A worker's measurements of its round.
   *
   * @param sketches one sketch of the parameters if the averaging error is measured, else none
   */
  record Report(List<StepMetrics> steps, List<float[]> sketches, ExecutorReading reading)
      implements Serializable {}

  /** DL4J's result with a report. */
  static final class Result extends ParameterAveragingTrainingResult {
    private static final long serialVersionUID = 1L;

    private final transient Report report;
    private final transient MultiLayerNetwork network;
    private final transient List<SharedVector> start;

    private Result(MultiLayerNetwork network, List<SharedVector> start, Report report) {
      super(
          network.params(),
          network.getUpdater().getStateViewArray(),
          network.score(),
          null,
          null,
          null);
      this.network = network;
      this.start = start;
      this.report = report;
    }

    Report report() {
      return report;
    }

    /**
     * This worker's contribution to the average. The network is unusable afterwards: its memory is
     * freed, or is the contribution's.
     */
    ShardedSum.Given<Report> given() {
      List<FlatVector> trained =
          NetworkVectors.arrays(network).stream().map(NetworkVectors::over).toList();
      if (start.get(0).vector().dtype() == DType.FLOAT32) {
        return new ShardedSum.Given<>(trained, report, () -> NetworkVectors.free(network));
      }
      List<FlatVector> changes = new ArrayList<>();
      for (int v = 0; v < trained.size(); v++) {
        FlatVector from = start.get(v).vector();
        from.addTo(-1, trained.get(v).pointer());
        changes.add(FlatVector.copyOf(trained.get(v).pointer(), from.size(), from.dtype()));
      }
      NetworkVectors.free(network);
      return new ShardedSum.Given<>(changes, report, () -> changes.forEach(FlatVector::close));
    }
  }

  /** Takes all steps and returns the result, as DL4J does with a worker on an executor. */
  Result train(MultiLayerNetwork network, List<StepRows> all) {
    all.forEach(step -> take(network, step));
    return getFinalResult(network);
  }

  /** As {@link #train}, for a single worker, whose vectors are not averaged. */
  Report trainAlone(MultiLayerNetwork network, List<StepRows> all) {
    all.forEach(step -> take(network, step));
    return report(List.of());
  }

  private void take(MultiLayerNetwork network, StepRows step) {
    steps.add(NetworkVectors.of(network).step(step, rows));
    network.setScore(steps.get(steps.size() - 1).loss());
  }

  private Report report(List<float[]> sketches) {
    ExecutorReading reading = ExecutorMeter.here().read(SparkEnv.get().executorId());
    return new Report(List.copyOf(steps), sketches, reading);
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration.clone());
    network.init();
    List<INDArray> vectors = NetworkVectors.arrays(network);
    for (int v = 0; v < vectors.size(); v++) {
      start.get(v).vector().copyTo(NetworkVectors.address(vectors.get(v)));
    }
    return network;
  }

  /** Takes one optimizer step; DL4J's {@code fit} could not take several micro-batches in one. */
  @Override
  public Result processMinibatch(DataSet step, MultiLayerNetwork network, boolean isLast) {
    take(network, StepDataSet.rows(step));
    return isLast ? getFinalResult(network) : null;
  }

  @Override
  public Result getFinalResult(MultiLayerNetwork network) {
    INDArray parameters = NetworkVectors.arrays(network).get(0);
    List<float[]> sketches =
        averagingError.sketch(NetworkVectors.address(parameters)).stream().toList();
    return new Result(network, start, report(sketches));
  }
}
