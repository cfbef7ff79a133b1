package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.DataSet;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.AveragingError;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.meter.ExecutorReading;

/**
 * DL4J's worker of one round: receives parameters and moments as raw vectors, reads its rows
 * itself, and adds a {@link Report} to DL4J's result. Each task has its own worker.
 */
final class AveragingWorker extends ParameterAveragingTrainingWorker {
  private static final long serialVersionUID = 1L;

  private final MultiLayerConfiguration configuration;
  private final TrainingRows rows;
  private final RoundVectors.OfWorkers vectors; // null if the driver's network is trained
  private final AveragingError averagingError;
  private final int place; // -1 in a task
  private final List<StepMetrics> steps = new ArrayList<>();
  private long nanoseconds; // of the steps
  private RuntimeException failure;

  AveragingWorker(
      WorkerConfiguration worker,
      MultiLayerConfiguration configuration,
      TrainingRows rows,
      RoundVectors.OfWorkers vectors,
      AveragingError averagingError,
      int place) {
    super(null, true, worker, null, null, null); // without DL4J's broadcast, hooks and listeners
    this.configuration = configuration;
    this.rows = rows;
    this.vectors = vectors;
    this.averagingError = averagingError;
    this.place = place;
  }

  /**
   * A worker's measurements of its round.
   *
   * @param steps none if the worker was left out
   * @param sketches one sketch of the parameters if the averaging error is measured, else none
   * @param seconds of all steps
   * @param failure the exception that ended the round, or null
   */
  record Report(
      List<StepMetrics> steps,
      List<float[]> sketches,
      ExecutorReading reading,
      double seconds,
      RuntimeException failure)
      implements Serializable {}

  /** DL4J's result with a report. */
  static final class Result extends ParameterAveragingTrainingResult {
    private static final long serialVersionUID = 1L;

    private final transient AveragingWorker worker;
    private final transient MultiLayerNetwork network;

    private Result(AveragingWorker worker, MultiLayerNetwork network) {
      super(
          network.params(),
          network.getUpdater().getStateViewArray(),
          network.score(),
          null,
          null,
          null);
      this.worker = worker;
      this.network = network;
    }

    /** The worker's contribution; the network is unusable afterwards. */
    ShardedSum.Given<Report> given() {
      return worker.given(network);
    }
  }

  /**
   * Does a part of the round. Where workers can be left out, nothing is done by a second attempt of
   * a task, which Spark starts when the first is far behind those of the other workers or its
   * executor is lost; so that this hides no exception, the first attempt reports it.
   */
  private void attempt(Runnable part) {
    try {
      if (!isLeftOut()) {
        part.run();
      }
    } catch (RuntimeException e) {
      if (!vectors.canLeaveOut() || TaskContext.get().isInterrupted()) {
        throw e;
      }
      failure = e;
    }
  }

  private boolean isLeftOut() {
    return failure != null || vectors.canLeaveOut() && TaskContext.get().attemptNumber() > 0;
  }

  private ShardedSum.Given<Report> given(MultiLayerNetwork network) {
    List<ShardedSum.Given<Report>> given = new ArrayList<>();
    attempt(
        () -> {
          INDArray parameters = NetworkVectors.arrays(network).get(0);
          List<float[]> sketches =
              averagingError.sketch(NetworkVectors.address(parameters)).stream().toList();
          given.add(vectors.given(worker(), network, report(sketches)));
        });
    if (given.isEmpty()) {
      NetworkVectors.free(network);
      given.add(vectors.nothing(report(List.of())));
    }
    return given.get(0);
  }

  /** Takes all steps on a new network, as DL4J does with a worker on an executor. */
  Result train(List<StepRows> all) {
    MultiLayerNetwork network = getInitialModel();
    try {
      all.forEach(step -> take(network, step));
      return getFinalResult(network);
    } catch (RuntimeException e) {
      NetworkVectors.free(network);
      throw e;
    }
  }

  /** As {@link #train}, for a single worker, whose vectors are not averaged. */
  Report trainAlone(MultiLayerNetwork network, List<StepRows> all) {
    all.forEach(step -> take(network, step));
    return report(List.of());
  }

  private void take(MultiLayerNetwork network, StepRows step) {
    long started = System.nanoTime();
    StepMetrics metrics = NetworkVectors.of(network).step(step, rows);
    nanoseconds += System.nanoTime() - started;
    steps.add(metrics);
    network.setScore(metrics.loss());
  }

  private Report report(List<float[]> sketches) {
    ExecutorReading reading = ExecutorMeter.here().read(SparkEnv.get().executorId());
    return new Report(List.copyOf(steps), sketches, reading, nanoseconds / 1e9, failure);
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    MultiLayerNetwork network = new MultiLayerNetwork(configuration.clone());
    network.init();
    attempt(() -> vectors.load(worker(), network));
    return network;
  }

  /** The place of this worker among the round's busy workers: that of its partition. */
  private int worker() {
    return place >= 0 ? place : TaskContext.getPartitionId();
  }

  /** Takes one optimizer step; DL4J's {@code fit} could not take several micro-batches in one. */
  @Override
  public Result processMinibatch(DataSet step, MultiLayerNetwork network, boolean isLast) {
    attempt(() -> take(network, StepDataSet.rows(step)));
    return isLast ? getFinalResult(network) : null;
  }

  @Override
  public Result getFinalResult(MultiLayerNetwork network) {
    return new Result(this, network);
  }
}
