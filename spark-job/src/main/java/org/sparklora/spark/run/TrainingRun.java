package org.sparklora.spark.run;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.WeightLayout;
import org.sparklora.observe.track.TrackedLog;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.spark.dl4j.TrainedNetwork;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.train.Cadence;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainerState;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.resume.RunFingerprint;
import org.sparklora.train.step.TrainedVectors;

/**
 * A run of any kind of training, from its first step in this process to its results: the network
 * and its parameters, the log and its followers, evaluations and checkpoints when they are due, and
 * the message if the run is interrupted.
 *
 * <p>Not thread-safe. To be closed when no task uses the network's memory any more.
 */
public final class TrainingRun implements AutoCloseable {
  /** Stands for the step at which a run ends, to let it take all steps. */
  public static final int TO_THE_END = Integer.MAX_VALUE;

  private final TrainingConfig config;
  private final TrainingPlan plan;
  private final Cadence evaluating;
  private final Cadence saving;
  private final TrainedNetwork network;
  private final TrainerState state;
  private final Checkpoints checkpoints;

  /** The last log row of a run that was over already and is finished again. */
  private final Optional<Map<String, Object>> finished;

  private final TrainingLog log;
  private final int firstStep;
  private final int endStep;
  private final long started;
  private final ListenerWishes wishes;

  /**
   * @param checkpoints of the run, whose state and vectors are those of its first step
   * @param endStep the step before which this process stops
   */
  private TrainingRun(
      TrainingEnvironment place,
      TrainingPlan plan,
      TrainedNetwork network,
      Checkpoints checkpoints,
      int endStep,
      RunListener listener) {
    ResultFolder results = checkpoints.results();
    this.config = results.config();
    this.wishes = new ListenerWishes(listener);
    this.plan = plan;
    this.evaluating = config.evalSchedule().cadence(plan.totalSteps());
    this.saving = config.checkpoints().cadence(plan.totalSteps());
    this.network = network;
    this.state = results.state();
    this.checkpoints = checkpoints;
    this.firstStep = state.sums().steps();
    this.endStep = endStep;
    if (!place.isTask()) {
      Interruption.tell(checkpoints::whenInterrupted);
    }
    RunFolder folder = checkpoints.folder();
    this.finished =
        firstStep == plan.totalSteps() ? TrainingLog.lastRow(folder, firstStep) : Optional.empty();
    this.log = new TrainingLog(config, place.out(), folder, state, plan.totalSteps());
    log.tracked().follow(wishes::logged);
    try {
      if (folder.resumed().isPresent()) {
        listener.resumed(state.toJson(checkpoints.bestFolder()));
      }
      listener.begun(firstStep, plan.totalSteps());
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
    this.started = System.nanoTime();
    ExecutorModel.hold(model());
  }

  /**
   * Claims the output folder, and prepares the push of its contents.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if the folder, or the checkpoint to
   *     resume from, cannot be used
   * @throws org.sparklora.hub.HubException if results are to be pushed and the hub refuses
   */
  public static RunFolder open(Configuration hadoop, TrainingConfig config) {
    OutputConfig output = config.output();
    if (output.overwrite()) { // but nothing that the run reads
      List<String> read = new ArrayList<>(config.table().source().each(PrepConfig.Source::dataset));
      String place = LocalPath.qualified(Flags.OUTPUT_DIR.name(), output.folder());
      config
          .models()
          .map(ModelReference::place)
          .filter(model -> !model.equals(place)) // results may replace those that they go on from
          .forEach(read::add);
      PreparedTables.requireApart(hadoop, output.folder(), read);
    }
    RunFolder folder =
        RunFolder.open(
            hadoop, output.folder(), output.overwrite(), config.checkpoints().resumeFrom());
    try {
      output.push().ifPresent(push -> folder.whenSaved(HubPush.open(hadoop, push)));
      return folder;
    } catch (RuntimeException e) {
      folder.close();
      throw e;
    }
  }

  /**
   * Begins a run, or resumes it from the checkpoint of its folder.
   *
   * @param folder that {@link #open} claimed
   * @param identity fingerprint that a checkpoint to resume from must share
   * @param end maps the step at which this process begins to the step before which it stops, at
   *     most the plan's last; an exception leaves the folder as it was
   * @throws org.sparklora.pipeline.config.ConfigException if the checkpoint to resume from is
   *     damaged or of another run
   */
  public static TrainingRun begin(
      TrainingEnvironment place,
      RunFolder folder,
      TrainingConfig config,
      InitialParameters initial,
      TrainingPlan plan,
      int workers,
      RunFingerprint identity,
      IntUnaryOperator end,
      RunListener listener)
      throws IOException {
    TrainedModel model = initial.model();
    TrainedNetwork network =
        TrainedNetwork.create(model, config.optimizer(), config.schedule(), plan.totalSteps());
    try {
      TrainerState state = new TrainerState(plan, stateSettings(config, model, plan.totalSteps()));
      PrepConfig.GivenText text = PrepConfig.GivenText.of(place.hadoop(), config.table().model());
      ResultFolder results =
          new ResultFolder(config, model, network.vectors(), state, workers, text);
      Checkpoints checkpoints = new Checkpoints(place.hadoop(), folder, identity, results);
      if (folder.resumed().isPresent()) {
        checkpoints.resume(folder.resumed().get(), plan.totalSteps());
      } else {
        initial.write(network.vectors().parameters());
      }
      int endStep = end.applyAsInt(state.sums().steps());
      return new TrainingRun(place, plan, network, checkpoints, endStep, listener);
    } catch (IOException | RuntimeException e) {
      network.close();
      throw e;
    }
  }

  private static TrainerState.Settings stateSettings(
      TrainingConfig config, TrainedModel model, int totalSteps) {
    WeightLayout weights = WeightLayout.of(model.config());
    long embedding = (long) model.config().vocabSize() * model.config().hiddenSize();
    long adapter = model.lora().isPresent() ? model.layout().size() : 0;
    boolean joinsRows =
        config.table() instanceof PrepConfig table
            && table.packing().enabled()
            && table.packing().strategy() != PackingStrategy.WRAPPED;
    OutputConfig output = config.output();
    return new TrainerState.Settings(
        config.microBatchRows(),
        new TrainerState.LogInterval(output.loggingSteps(totalSteps), output.logFirstStep()),
        config.evalSchedule().cadence(totalSteps),
        config.checkpoints().cadence(totalSteps),
        weights.size() - embedding + adapter,
        !joinsRows,
        config.method() == ModelCard.Method.GRPO);
  }

  public TrainedModel model() {
    return checkpoints.results().model();
  }

  public TrainingPlan plan() {
    return plan;
  }

  /** The trained vectors, after the last step. */
  public TrainedVectors vectors() {
    return network.vectors();
  }

  public RunFolder folder() {
    return checkpoints.folder();
  }

  public TrainedNetwork network() {
    return network;
  }

  public TrainerState state() {
    return state;
  }

  /** Reads further files from a local copy of the checkpoint that this run resumes from, if any. */
  public void readResumed(RunFolder.Writer reader) throws IOException {
    checkpoints.readResumed(reader);
  }

  /** The step that this process begins with, from 0. */
  public int firstStep() {
    return firstStep;
  }

  /** The step before which this process stops. */
  public int endStep() {
    return endStep;
  }

  /** Tells the listener of a step, numbered from 1, before the state adds it. */
  public void stepped(int step, double epochAfter) {
    wishes.stepped(step, epochAfter);
    if (wishes.take(RunListener.Wish.LOG)) {
      state.logNext();
    }
  }

  /** Whether the listener may want something after any step. */
  public boolean mayStop() {
    return wishes.mayCome();
  }

  /** Whether the listener wants no further step. */
  public boolean isStopped() {
    return wishes.stop();
  }

  /** Evaluates the current parameters, after {@code step} steps. */
  @FunctionalInterface
  public interface Evaluator {
    EvalMetrics run(int step);
  }

  /** Takes the steps of this process. A failure is logged as an alert and rethrown. */
  public <E extends Exception> void train(Evaluator evaluator, TrackedLog.Work<E> steps) throws E {
    log.tracked()
        .guard(
            () -> {
              if (config.evalSchedule().onStart() && firstStep == 0) {
                evaluate(evaluator, Map.of());
              }
              steps.run();
            });
  }

  /** Whether an evaluation or a checkpoint needs the parameters after {@code steps} steps. */
  public boolean stopsAfter(int steps) {
    return evaluating.falls(steps, plan) || saving.falls(steps, plan);
  }

  /**
   * Evaluates if an evaluation is due, or the listener wants one.
   *
   * @param beside further values of the log row
   * @return the log row; empty without an evaluation
   */
  public Optional<Map<String, Object>> evaluateWhenDue(
      Evaluator evaluator, Supplier<Map<String, ?>> beside) {
    boolean wanted = wishes.take(RunListener.Wish.EVALUATE);
    if (wanted) {
      config.evalSchedule().requireOn();
    }
    return wanted || evaluating.falls(state.sums().steps(), plan)
        ? Optional.of(evaluate(evaluator, beside.get()))
        : Optional.empty();
  }

  private Map<String, Object> evaluate(Evaluator evaluator, Map<String, ?> beside) {
    long begun = System.nanoTime();
    EvalMetrics measured = evaluator.run(state.sums().steps());
    Map<String, Object> row = state.evaluated(measured, (System.nanoTime() - begun) / 1e9);
    log(row, beside);
    return row;
  }

  /** Saves a checkpoint, with further files, if one is due or the listener wants one. */
  public void saveWhenDue(RunFolder.Writer more) {
    boolean wanted = wishes.take(RunListener.Wish.SAVE);
    boolean isBest =
        saving.unit() == Cadence.Unit.BEST && state.best().step() == state.sums().steps();
    if (wanted || isBest || saving.falls(state.sums().steps(), plan)) {
      checkpoints.save(more);
      wishes.saved(state.sums().steps());
    }
  }

  /** Samples the memory in use; the log has the peak. */
  public void sampleMemory() {
    log.memory().sample();
  }

  /** Logs a row of the state, with further values and the memory used, and shows it. */
  public void log(Map<String, Object> row, Map<String, ?> beside) {
    log.add(row, beside);
  }

  /**
   * The result of a run.
   *
   * @param steps optimizer steps, including those before a resume
   * @param trainLoss mean loss of all steps
   * @param seconds of training, in this process
   * @param complete whether no step is left, or the listener wanted no more, so that results exist
   */
  public record Result(
      int steps,
      long tokens,
      double trainLoss,
      double seconds,
      long trainedParameters,
      boolean complete) {}

  /**
   * Ends the run: logs its last row and saves its results, or a checkpoint if steps are left.
   *
   * @param more writes further files of the results
   * @param forResuming writes further files of the checkpoint
   */
  public Result finish(RunFolder.Writer more, RunFolder.Writer forResuming) throws IOException {
    double seconds = (System.nanoTime() - started) / 1e9;
    int steps = state.sums().steps();
    boolean complete = endStep == plan.totalSteps() || isStopped();
    if (complete) {
      log.tracked()
          .log(
              finished.isPresent()
                  ? state.finishAsBefore(finished.get())
                  : state.finish(
                      seconds, config.samples(plan, steps - firstStep), log.memory().metrics()));
      log.tracked().guard(() -> saveResults(more)); // without results no run is finished
      checkpoints.folder().announceResults();
      checkpoints.keepBest();
    } else {
      checkpoints.save(forResuming);
    }
    return new Result(
        steps,
        state.sums().tokens(),
        state.trainLoss(),
        seconds,
        network.vectors().size(),
        complete);
  }

  private void saveResults(RunFolder.Writer more) throws IOException {
    checkpoints.loadBest();
    checkpoints
        .folder()
        .saveResults(
            local -> {
              checkpoints.results().write(local, checkpoints.bestFolder());
              more.write(local);
            });
  }

  @Override
  public void close() {
    try {
      log.close();
    } finally {
      ExecutorModel.release(model());
      network.close();
    }
  }
}
