package org.sparklora.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.text.json.JsonProblem;

/**
 * The log of a run in transformers' format, {@code trainer_state.json}.
 *
 * <p>A log row covers the steps since the last row: {@code loss} is the mean over them, {@code
 * aux_loss}, {@code entropy} and {@code mean_token_accuracy} over their micro-batches, {@code
 * loss/SOURCE} over the steps that train on this dataset of a mixture; all else is of the last
 * step. With a policy loss, as in TRL's GRPOTrainer, metrics of micro-batches and rounds are means
 * over those that have the metric; null if none has. Not thread-safe.
 */
public final class TrainerState {
  public static final String FILE_NAME = "trainer_state.json";

  /** The routers' loss of an evaluation, which only models with experts have. */
  public static final String EVAL_AUX_LOSS = "eval_aux_loss";

  /** The columns of an evaluation's row, besides step and epoch. */
  public static final List<String> EVAL_METRICS =
      List.of(
          "eval_loss",
          "eval_entropy",
          EVAL_AUX_LOSS,
          "eval_mean_token_accuracy",
          "eval_num_tokens",
          "eval_runtime",
          "eval_samples_per_second",
          "eval_steps_per_second");

  private static final Logger LOG = LoggerFactory.getLogger(TrainerState.class);
  private static final String RUNTIME = "train_runtime";
  private static final int FLOPS_PER_PARAMETER_AND_TOKEN = 6;
  private static final int HF_DEFAULT_INTERVAL = 500;

  private final TrainingPlan plan;
  private final Settings settings;
  private final List<Map<String, Object>> history = new ArrayList<>();
  private RunningSums sums = RunningSums.none();
  private final MetricMeans window = new MetricMeans(); // since the last log row
  private Best best = Best.NONE;
  private int firstStep;
  private boolean logsNext;

  /**
   * The settings that are constant during a run.
   *
   * @param microBatchRows {@code per_device_train_batch_size}
   * @param logging when log rows are written
   * @param evaluation when the model is evaluated
   * @param saving when checkpoints are saved
   * @param computedParameters all parameters but the embedding, for {@code total_flos}; 0 if TRL
   *     counts none
   * @param padsRows whether TRL pads the rows of a micro-batch to the longest, instead of joining
   *     them as with {@code packing_strategy bfd}
   * @param countsInputTokens whether {@code num_input_tokens_seen} is counted, as by GRPOTrainer
   */
  public record Settings(
      int microBatchRows,
      LogInterval logging,
      Cadence evaluation,
      Cadence saving,
      long computedParameters,
      boolean padsRows,
      boolean countsInputTokens) {}

  /**
   * When log rows are written.
   *
   * @param steps interval in steps; 0 for never
   * @param firstStep whether the first step has a row, too
   */
  public record LogInterval(int steps, boolean firstStep) {
    boolean covers(int step) {
      return steps > 0 && step % steps == 0 || firstStep && step == 1;
    }
  }

  /**
   * The best evaluation so far.
   *
   * @param metric value of the best evaluation; NaN before the first
   * @param step the step of that evaluation; 0 for none, or if the run saves no checkpoints
   * @param checkpoint the last saved step that was the best when it was saved; 0 for none
   */
  public record Best(double metric, int step, int checkpoint) {
    static final Best NONE = new Best(Double.NaN, 0, 0);
  }

  public TrainerState(TrainingPlan plan, Settings settings) {
    this.plan = plan;
    this.settings = settings;
  }

  public void resume(
      RunningSums saved,
      Best savedBest,
      Map<String, List<Double>> savedWindow,
      List<Map<String, Object>> rows) {
    sums = saved;
    window.restore(savedWindow);
    best = savedBest;
    firstStep = saved.steps();
    history.clear();
    history.addAll(rows);
  }

  /**
   * Adds a step.
   *
   * @param epochAfter the epoch after the step, with its fraction
   * @return the log row that it completes, if it does; read-only
   */
  public Optional<Map<String, Object>> add(
      StepMetrics step, double epochAfter, double learningRate) {
    double flops =
        (double) FLOPS_PER_PARAMETER_AND_TOKEN
            * settings.computedParameters()
            * (settings.padsRows() ? step.paddedTokens() : step.tokens());
    sums = sums.plus(step, step.loss(), epochAfter, flops);
    window.add(SourceLoss.metrics(step.sources()));
    Collections.nCopies(step.microBatches(), step.ofRouters()).forEach(window::add);
    return logRow(step.gradNorm(), learningRate);
  }

  /**
   * Adds a batch of completions.
   *
   * @param tokens of all prompts and completions
   * @param draws number of batches of prompts with completions so far
   */
  public void drawn(Map<String, Double> metrics, long tokens, int draws) {
    window.add(metrics);
    sums = sums.plusDrawn(tokens, draws);
  }

  /**
   * Adds a step of a policy loss.
   *
   * @param seconds duration of the step, with the wait for its completions
   * @return the log row that it completes, if it does; read-only
   */
  public Optional<Map<String, Object>> add(
      PolicyMetrics step, double epochAfter, double learningRate, double seconds) {
    sums = sums.plus(StepMetrics.none(step.step()), step.loss(), epochAfter, 0);
    window.add(Map.of("step_time", seconds));
    step.microBatches().forEach(window::add);
    return logRow(step.gradNorm(), learningRate);
  }

  /** Makes the next step complete a log row, whatever the interval. */
  public void logNext() {
    logsNext = true;
  }

  private Optional<Map<String, Object>> logRow(double gradNorm, double learningRate) {
    if (!logsNext && !settings.logging().covers(sums.steps())) {
      return Optional.empty();
    }
    logsNext = false;
    Map<String, Object> row = row();
    row.put("loss", sums.windowLoss() / (sums.steps() - sums.loggedSteps()));
    row.put("grad_norm", gradNorm);
    row.put("learning_rate", learningRate);
    putMeans(row);
    history.add(row);
    sums = sums.logged();
    return Optional.of(row);
  }

  /** Adds TRL's metrics of the steps since the last log row, and clears them. */
  private void putMeans(Map<String, Object> row) {
    row.put("num_tokens", (double) sums.tokens());
    window.take().forEach((name, mean) -> row.put(name, mean.isNaN() ? null : mean));
    if (sums.windowMicroBatches() > 0) { // supervised; the window has a policy's
      row.put("entropy", sums.windowEntropy() / sums.windowMicroBatches());
      row.put("mean_token_accuracy", sums.windowAccuracy() / sums.windowMicroBatches());
    }
  }

  /** Adds the row of an evaluation and returns it; read-only. */
  public Map<String, Object> evaluated(EvalMetrics measured, double seconds) {
    Map<String, Object> row = row();
    measured
        .metrics()
        .forEach((name, value) -> row.put("eval_" + name, value.isNaN() ? null : value));
    row.put("eval_num_tokens", (double) sums.tokens());
    row.put("eval_runtime", rounded(seconds, 4));
    row.put("eval_samples_per_second", rounded(measured.samples() / seconds, 3));
    row.put("eval_steps_per_second", rounded(measured.batches() / seconds, 3));
    history.add(row);
    return row;
  }

  /** Records an evaluation's metric if it is the best so far. */
  public void compare(double metric, boolean greaterIsBetter) {
    double worst = greaterIsBetter ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
    double before = Double.isNaN(best.metric()) ? worst : best.metric();
    if (greaterIsBetter ? metric > before : metric < before) { // false for NaN
      boolean saves = settings.saving().unit() != Cadence.Unit.NO;
      best = new Best(metric, saves ? sums.steps() : best.step(), best.checkpoint());
    }
  }

  /** Records that the best evaluation's step is saved as a checkpoint. */
  public void bestIsSaved() {
    best = new Best(best.metric(), best.step(), best.step());
  }

  /** The best checkpoint does not exist any more; its metric still counts. */
  public void bestIsLost() {
    best = new Best(best.metric(), best.step(), 0);
  }

  /**
   * Adds the last row: duration and mean loss of the run, and the means of steps that no row covers
   * yet. Times count from the resume. As in TRL, a row that follows an evaluation has no means.
   *
   * @param samples samples trained on since the resume
   * @param more further columns of the row
   * @return the row; read-only
   */
  public Map<String, Object> finish(double seconds, double samples, Map<String, ?> more) {
    Map<String, Object> row = row();
    int newSteps = sums.steps() - firstStep;
    row.put(RUNTIME, rounded(seconds, 4));
    row.put("train_samples_per_second", rounded(samples / seconds, 3));
    row.put("train_steps_per_second", rounded(newSteps / seconds, 3));
    row.put("total_flos", sums.totalFlops());
    row.put("train_loss", trainLoss());
    row.putAll(more);
    if (sums.steps() > sums.loggedSteps() && !isEvaluated()) {
      putMeans(row);
    }
    history.add(row);
    return row;
  }

  private boolean isEvaluated() {
    Map<String, Object> last = history.isEmpty() ? Map.of() : history.get(history.size() - 1);
    return last.containsKey("eval_runtime") && last.get("step").equals(sums.steps());
  }

  /** The summary in the last log row of a run of {@code steps} steps; empty for any other row. */
  public static Optional<Map<String, Object>> summary(Map<String, Object> row, int steps) {
    Map<String, Object> summary = new TreeMap<>(row);
    summary.keySet().removeAll(List.of("timestamp", "run_id", "alerts"));
    boolean isLast = row.containsKey(RUNTIME) && Integer.valueOf(steps).equals(row.get("step"));
    return isLast ? Optional.of(summary) : Optional.empty();
  }

  /** Adds and returns the {@link #summary} of a run that had already ended, with its times. */
  public Map<String, Object> finishAsBefore(Map<String, Object> summary) {
    history.add(summary);
    return summary;
  }

  private Map<String, Object> row() {
    Map<String, Object> row = new TreeMap<>();
    row.put("epoch", sums.epoch());
    row.put("step", sums.steps());
    return row;
  }

  private static double rounded(double value, int digits) {
    double scale = Math.pow(10, digits);
    return Math.round(value * scale) / scale;
  }

  /** The rows so far; read-only. */
  public List<Map<String, Object>> history() {
    return List.copyOf(history);
  }

  public RunningSums sums() {
    return sums;
  }

  /** The measurements since the last log row that it averages. */
  public Map<String, List<Double>> window() {
    return window.values();
  }

  public Best best() {
    return best;
  }

  public double trainLoss() {
    return sums.totalLoss() / Math.max(1, sums.steps());
  }

  /** The optimizer steps of a run, from the text of its {@value #FILE_NAME}; 0 if it is damaged. */
  public static int steps(String json) {
    try {
      return new ObjectMapper()
          .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS.mappedFeature()) // TRL writes NaN
          .readTree(json)
          .path("global_step")
          .asInt();
    } catch (JsonProcessingException e) {
      LOG.warn("Cannot read {} ({}): counting 0 steps", FILE_NAME, JsonProblem.of(e));
      return 0;
    }
  }

  /** The file's text, with the folder of {@link Best#checkpoint()}, if it exists. */
  public String toJson(Optional<String> bestCheckpoint) {
    Map<String, Object> state = new TreeMap<>();
    state.put("best_global_step", best.step() == 0 ? null : best.step());
    state.put("best_metric", Double.isNaN(best.metric()) ? null : best.metric());
    state.put("best_model_checkpoint", bestCheckpoint.orElse(null));
    state.put("epoch", sums.epoch());
    state.put("eval_steps", interval(settings.evaluation()));
    state.put("global_step", sums.steps());
    state.put("is_hyper_param_search", false);
    state.put("is_local_process_zero", true);
    state.put("is_world_process_zero", true);
    state.put("log_history", history);
    state.put("logging_steps", settings.logging().steps());
    state.put("max_steps", plan.totalSteps());
    state.put("num_input_tokens_seen", settings.countsInputTokens() ? sums.tokens() : 0);
    state.put("num_train_epochs", plan.epochs());
    state.put("save_steps", interval(settings.saving()));
    state.put("stateful_callbacks", Map.of("TrainerControl", control()));
    state.put("total_flos", sums.totalFlops());
    state.put("train_batch_size", settings.microBatchRows());
    state.put("trial_name", null);
    state.put("trial_params", null);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(state)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int interval(Cadence cadence) {
    return cadence.unit() == Cadence.Unit.STEPS ? cadence.steps() : HF_DEFAULT_INTERVAL;
  }

  private Map<String, Object> control() {
    Map<String, Object> flags = new TreeMap<>();
    for (String flag : List.of("should_epoch_stop", "should_evaluate", "should_log")) {
      flags.put(flag, false);
    }
    flags.put("should_save", settings.saving().falls(sums.steps(), plan));
    flags.put("should_training_stop", sums.steps() == plan.totalSteps());
    return new TreeMap<>(Map.of("args", flags, "attributes", Map.of()));
  }
}
