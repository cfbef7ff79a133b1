package org.sparklora.spark.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The log of a run as transformers keeps it: {@code trainer_state.json}.
 *
 * <p>A log row covers the steps since the last one: {@code loss} is their mean, {@code entropy} and
 * {@code mean_token_accuracy} are means over their micro-batches, the rest is that of the last
 * step. Not thread-safe.
 */
public final class TrainerState {
  /** The file's name. */
  public static final String FILE_NAME = "trainer_state.json";

  private static final int FLOPS_PER_PARAMETER_AND_TOKEN = 6;
  private static final int HF_DEFAULT_INTERVAL = 500;

  private final TrainingPlan plan;
  private final int microBatchRows;
  private final LogInterval interval;
  private final long computedParameters;
  private final List<Map<String, Object>> history = new ArrayList<>();
  private int globalStep;
  private int loggedSteps;
  private double epoch;
  private double windowLoss;
  private double windowEntropy;
  private double windowAccuracy;
  private int windowMicroBatches;
  private double totalLoss;
  private long tokens;
  private double totalFlops;

  /**
   * When log rows are written.
   *
   * @param steps every so many steps; 0 for never
   * @param firstStep also after the first
   */
  public record LogInterval(int steps, boolean firstStep) {
    boolean covers(int step) {
      return steps > 0 && step % steps == 0 || firstStep && step == 1;
    }
  }

  /**
   * @param microBatchRows {@code per_device_train_batch_size}
   * @param computedParameters all parameters but the embedding, for {@code total_flos}
   */
  public TrainerState(
      TrainingPlan plan, int microBatchRows, LogInterval interval, long computedParameters) {
    this.plan = plan;
    this.microBatchRows = microBatchRows;
    this.interval = interval;
    this.computedParameters = computedParameters;
  }

  /**
   * Takes in a step.
   *
   * @param epochAfter the epoch after it, with its fraction
   * @return the log row that it completes, if it does; read-only
   */
  public java.util.Optional<Map<String, Object>> add(
      StepMetrics step, double epochAfter, double learningRate) {
    globalStep = step.step() + 1;
    epoch = epochAfter;
    windowLoss += step.loss();
    windowEntropy += step.entropySum();
    windowAccuracy += step.accuracySum();
    windowMicroBatches += step.microBatches();
    totalLoss += step.loss();
    tokens += step.tokens();
    totalFlops += (double) FLOPS_PER_PARAMETER_AND_TOKEN * computedParameters * step.paddedTokens();
    if (!interval.covers(globalStep)) {
      return java.util.Optional.empty();
    }
    Map<String, Object> row = row();
    row.put("loss", windowLoss / (globalStep - loggedSteps));
    row.put("grad_norm", step.gradNorm());
    row.put("learning_rate", learningRate);
    row.put("entropy", windowEntropy / windowMicroBatches);
    row.put("mean_token_accuracy", windowAccuracy / windowMicroBatches);
    row.put("num_tokens", (double) tokens);
    history.add(row);
    loggedSteps = globalStep;
    windowLoss = 0;
    windowEntropy = 0;
    windowAccuracy = 0;
    windowMicroBatches = 0;
    return java.util.Optional.of(row);
  }

  /** Adds the last row: how long the run took and its mean loss. */
  public void finish(double seconds) {
    Map<String, Object> row = row();
    row.put("train_runtime", rounded(seconds, 4));
    row.put("train_samples_per_second", rounded(plan.samples() / seconds, 3));
    row.put("train_steps_per_second", rounded(plan.totalSteps() / seconds, 3));
    row.put("total_flos", totalFlops);
    row.put("train_loss", totalLoss / globalStep);
    history.add(row);
  }

  private Map<String, Object> row() {
    Map<String, Object> row = new TreeMap<>();
    row.put("epoch", epoch);
    row.put("step", globalStep);
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

  /** Tokens trained on. */
  public long tokens() {
    return tokens;
  }

  /** Mean loss of all steps. */
  public double trainLoss() {
    return totalLoss / globalStep;
  }

  /** The text of {@code trainer_state.json}. */
  public String toJson() {
    Map<String, Object> state = new TreeMap<>();
    state.put("best_global_step", null);
    state.put("best_metric", null);
    state.put("best_model_checkpoint", null);
    state.put("epoch", epoch);
    state.put("eval_steps", HF_DEFAULT_INTERVAL);
    state.put("global_step", globalStep);
    state.put("is_hyper_param_search", false);
    state.put("is_local_process_zero", true);
    state.put("is_world_process_zero", true);
    state.put("log_history", history);
    state.put("logging_steps", interval.steps());
    state.put("max_steps", plan.totalSteps());
    state.put("num_input_tokens_seen", 0);
    state.put("num_train_epochs", plan.epochs());
    state.put("save_steps", HF_DEFAULT_INTERVAL);
    state.put("stateful_callbacks", Map.of("TrainerControl", control()));
    state.put("total_flos", totalFlops);
    state.put("train_batch_size", microBatchRows);
    state.put("trial_name", null);
    state.put("trial_params", null);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(state)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private Map<String, Object> control() {
    Map<String, Object> flags = new TreeMap<>();
    for (String flag : List.of("should_epoch_stop", "should_evaluate", "should_log")) {
      flags.put(flag, false);
    }
    boolean ended = globalStep == plan.totalSteps();
    flags.put("should_save", ended);
    flags.put("should_training_stop", ended);
    return Map.of("args", flags, "attributes", Map.of());
  }
}
