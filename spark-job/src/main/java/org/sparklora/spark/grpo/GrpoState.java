package org.sparklora.spark.grpo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.TrainingPlan;

/**
 * The log of a run as TRL's GRPOTrainer keeps it. A row covers the steps since the last one: {@code
 * loss} is their mean, gradient norm and learning rate are the last step's, and every other metric
 * is the mean over the micro-batches or rounds that had it; null where none had.
 *
 * <p>Not thread-safe.
 */
final class GrpoState {
  private static final double NANOS = 1e9;

  private final TrainingPlan plan;
  private final GrpoConfig config;
  private final int loggingSteps;
  private final List<Map<String, Object>> history = new ArrayList<>();
  private final MetricMeans means = new MetricMeans();
  private final long started = System.nanoTime();
  private long stepStarted = started;
  private long tokens = 0;
  private int steps = 0;
  private int loggedSteps = 0;
  private double windowLoss = 0;
  private double totalLoss = 0;
  private double epoch = 0;

  GrpoState(TrainingPlan plan, GrpoConfig config) {
    this.plan = plan;
    this.config = config;
    this.loggingSteps = config.output().loggingSteps(plan.totalSteps());
  }

  /** Takes in a round. */
  void drawn(Round round) {
    means.add(round.metrics());
    tokens += round.tokens();
  }

  /**
   * Takes in a step.
   *
   * @return the log row that it completes, if it does; read-only
   */
  Optional<Map<String, Object>> step(PolicyMetrics step, double epochAfter, double learningRate) {
    long now = System.nanoTime();
    means.add(Map.of("step_time", (now - stepStarted) / NANOS));
    stepStarted = now;
    step.microBatches().forEach(means::add);
    windowLoss += step.loss();
    totalLoss += step.loss();
    steps++;
    epoch = epochAfter;
    boolean first = config.output().logFirstStep() && steps == 1;
    if (!first && (loggingSteps == 0 || steps % loggingSteps != 0)) {
      return Optional.empty();
    }
    Map<String, Object> row = row();
    row.put("loss", windowLoss / (steps - loggedSteps));
    row.put("grad_norm", step.gradNorm());
    row.put("learning_rate", learningRate);
    row.put("num_tokens", (double) tokens);
    means.take().forEach((name, mean) -> row.put(name, mean.isNaN() ? null : mean));
    history.add(row);
    loggedSteps = steps;
    windowLoss = 0;
    return Optional.of(row);
  }

  /** Adds the last row: how long the run took and its mean loss. */
  Map<String, Object> finish(Map<String, ?> more) {
    double seconds = (System.nanoTime() - started) / NANOS;
    double samples = (double) steps * config.batch().rows() * config.batch().accumulation();
    Map<String, Object> row = row();
    row.put("train_runtime", seconds);
    row.put("train_samples_per_second", samples / seconds);
    row.put("train_steps_per_second", steps / seconds);
    row.put("total_flos", 0.0); // TRL counts none for GRPO
    row.put("train_loss", totalLoss / Math.max(1, steps));
    row.putAll(more);
    history.add(row);
    return row;
  }

  private Map<String, Object> row() {
    Map<String, Object> row = new TreeMap<>();
    row.put("epoch", epoch);
    row.put("step", steps);
    return row;
  }

  int steps() {
    return steps;
  }

  /** The rows so far; read-only. */
  List<Map<String, Object>> history() {
    return Collections.unmodifiableList(history);
  }

  /** The text of {@code trainer_state.json}. */
  String toJson() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("best_global_step", null);
    state.put("best_metric", null);
    state.put("best_model_checkpoint", null);
    state.put("epoch", epoch);
    state.put("global_step", steps);
    state.put("is_hyper_param_search", false);
    state.put("is_local_process_zero", true);
    state.put("is_world_process_zero", true);
    state.put("log_history", history);
    state.put("logging_steps", loggingSteps);
    state.put("max_steps", plan.totalSteps());
    state.put("num_input_tokens_seen", tokens);
    state.put("num_train_epochs", plan.epochs());
    state.put("total_flos", 0.0);
    state.put("train_batch_size", config.batch().rows());
    state.put("trial_name", null);
    state.put("trial_params", null);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(state)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }
}
