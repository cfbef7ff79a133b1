package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.api.WorkerConfiguration;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingResult;
import org.deeplearning4j.spark.impl.paramavg.ParameterAveragingTrainingWorker;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.AveragingError;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.meter.ExecutorReading;
import org.sparklora.train.vector.FlatVector;

/**
 * DL4J's worker of one round: receives parameters and moments as raw vectors, reads its rows
 * itself, and adds a {@link Report} to DL4J's result. Each task has its own worker.
 */
final class AveragingWorker extends ParameterAveragingTrainingWorker {
  static final int IN_TASK = -1;

  private static final long serialVersionUID = 1L;
  private static final int UNBOUNDED = 0;

  private final MultiLayerConfiguration configuration;
  private final TrainingRows rows;
  private final RoundVectors.OfWorkers vectors;
  private final AveragingError averagingError;
  private final int place;
  private final List<StepMetrics> steps = new ArrayList<>();
  private transient TrainedNetwork network; // null before the round
  private final List<Double> seconds = new ArrayList<>(); // of each step
  private RuntimeException failure;

  /**
   * @param place of this worker among the round's busy workers; {@link #IN_TASK} for that of the
   *     task's partition
   */
  AveragingWorker(
      MultiLayerConfiguration configuration,
      TrainingRows rows,
      RoundVectors.OfWorkers vectors,
      AveragingError averagingError,
      int place) {
    // takes all steps of its partition; without DL4J's broadcast, hooks and listeners
    super(null, true, new WorkerConfiguration(false, 1, 1, UNBOUNDED, 0, false), null, null, null);
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
   * @param stepSeconds mean of the later half of the steps, in which the JVM compiles less code
   * @param failure the exception that ended the round, or null
   */
  record Report(
      List<StepMetrics> steps,
      List<float[]> sketches,
      ExecutorReading reading,
      double stepSeconds,
      RuntimeException failure)
      implements Serializable {}

  /** DL4J's result of a task, which only {@link AveragingMaster} reads. */
  static final class Result extends ParameterAveragingTrainingResult {
    private static final long serialVersionUID = 1L;

    private final transient AveragingWorker worker;

    private Result(AveragingWorker worker) {
      super(null, null, 0, null, null, null);
      this.worker = worker;
    }

    /** The worker's contribution; the network is unusable afterwards. */
    ShardedSum.Given<Report> given() {
      return worker.given();
    }
  }

  /**
   * Does a part of the round. If workers can be left out, a second attempt of a task does nothing:
   * Spark starts it when the first is far behind the other workers' or its executor is lost. An
   * exception of the first is reported, not thrown, since the second would hide it.
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

  private ShardedSum.Given<Report> given() {
    List<float[]> sketches = new ArrayList<>();
    List<FlatVector> given = new ArrayList<>();
    double share = vectors.weight(worker());
    attempt(
        () -> {
          averagingError.sketch(network.vectors().parameters(), share).ifPresent(sketches::add);
          given.addAll(vectors.given(worker(), network));
        });
    double weight = given.isEmpty() ? 0 : share;
    if (given.isEmpty()) {
      sketches.clear();
      given.addAll(vectors.nothing(network));
    }
    ExecutorReading reading = ExecutorMeter.here().read(SparkEnv.get().executorId());
    return new ShardedSum.Given<>(
        given,
        weight,
        new Report(List.copyOf(steps), sketches, reading, stepSeconds(), failure),
        () -> {
          given.forEach(FlatVector::close);
          network.close();
        });
  }

  private double stepSeconds() {
    return seconds.stream()
        .skip(seconds.size() / 2)
        .mapToDouble(Double::doubleValue)
        .average()
        .orElse(0);
  }

  /** Takes all steps on a new network, as DL4J does with a worker on an executor. */
  ShardedSum.Given<Report> train(List<StepRows> all) {
    try {
      getInitialModel();
      all.forEach(this::take);
      return given();
    } catch (RuntimeException e) {
      if (network != null) {
        network.close();
      }
      throw e;
    }
  }

  private void take(StepRows step) {
    long started = System.nanoTime();
    steps.add(network.vectors().step(step, rows));
    seconds.add((System.nanoTime() - started) / 1e9);
  }

  @Override
  public MultiLayerNetwork getInitialModel() {
    network = new TrainedNetwork(configuration.clone());
    if (place == IN_TASK) {
      TaskCompletionListener ended = context -> network.close(); // also if the task fails
      TaskContext.get().addTaskCompletionListener(ended);
    }
    attempt(() -> vectors.load(worker(), network));
    return network.network();
  }

  private int worker() {
    return place != IN_TASK ? place : TaskContext.getPartitionId();
  }

  /**
   * A step as a DL4J data set of a single example, so that DL4J neither splits nor merges it. The
   * example's metadata is the step; features and labels are unused, {@code (1, 1)}.
   */
  static org.nd4j.linalg.dataset.DataSet dataSet(StepRows step) {
    var dataSet = new org.nd4j.linalg.dataset.DataSet(Nd4j.zeros(1, 1), Nd4j.zeros(1, 1));
    dataSet.setExampleMetaData(List.of(step));
    return dataSet;
  }

  static StepRows rowsOf(DataSet dataSet) {
    return (StepRows) dataSet.getExampleMetaData().get(0);
  }

  /** Takes one optimizer step; DL4J's {@code fit} could not take several micro-batches in one. */
  @Override
  public Result processMinibatch(DataSet step, MultiLayerNetwork ours, boolean isLast) {
    TaskContext.get().killTaskIfInterrupted(); // else a cancelled job ends with the round
    attempt(() -> take(rowsOf(step)));
    return isLast ? getFinalResult(ours) : null;
  }

  @Override
  public Result getFinalResult(MultiLayerNetwork ours) {
    return new Result(this);
  }
}
