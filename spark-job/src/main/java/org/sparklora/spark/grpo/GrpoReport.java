package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.report.PeakMemory;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.Cadence;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.TrainingPlan;

/**
 * Follows a run: log rows on the terminal and, with the memory used, in {@code metrics.jsonl}, and
 * checkpoints. These hold the model and its log, but no optimizer: a run cannot be resumed yet.
 */
final class GrpoReport implements GrpoLoop.Listener {
  private static final List<String> PRINTED =
      List.of(
          "loss",
          "grad_norm",
          "learning_rate",
          "num_tokens",
          "completions/mean_length",
          "completions/clipped_ratio",
          "reward",
          "reward_std",
          "frac_reward_zero_std",
          "kl",
          "entropy",
          "clip_ratio/region_mean",
          "sampling/sampling_logp_difference/mean",
          "step_time",
          "epoch");

  private final GrpoConfig config;
  private final TrainingPlan plan;
  private final Cadence saving;
  private final GrpoState state;
  private final TrackedLog metrics;
  private final AdapterNetwork network;
  private final RunFolder folder;
  private final GrpoResults results;
  private final PeakMemory memory = new PeakMemory();

  GrpoReport(
      GrpoConfig config,
      TrainingPlan plan,
      GrpoState state,
      TrackedLog metrics,
      AdapterNetwork network,
      RunFolder folder,
      GrpoResults results) {
    this.config = config;
    this.plan = plan;
    this.saving = config.checkpoints().cadence(plan.totalSteps());
    this.state = state;
    this.metrics = metrics;
    this.network = network;
    this.folder = folder;
    this.results = results;
  }

  @Override
  public void drawn(Round round) {
    memory.sample();
    state.drawn(round);
  }

  @Override
  public void step(PolicyMetrics step, double epochAfter) {
    memory.sample();
    state.step(step, epochAfter, network.learningRate(step.step())).ifPresent(this::log);
    if (saving.falls(state.steps(), plan)) {
      folder.saveCheckpoint(state.steps(), local -> results.write(local, state));
      rotate();
    }
  }

  private void log(Map<String, Object> row) {
    Map<String, Object> withMemory = new LinkedHashMap<>(row);
    withMemory.putAll(memory.metrics());
    metrics.log(withMemory);
    System.out.println(
        PRINTED.stream()
            .filter(name -> row.get(name) != null)
            .map(name -> "'%s': '%.4g'".formatted(name, (Double) row.get(name)))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  /** The newest stay. */
  private void rotate() {
    int limit = config.checkpoints().limit();
    List<Integer> steps = folder.checkpoints();
    if (limit > 0 && steps.size() > limit) {
      steps.subList(0, steps.size() - limit).forEach(folder::deleteCheckpoint);
    }
  }

  /** Training has ended: logs the last row and returns it. */
  Map<String, Object> finish() {
    Map<String, Object> row = state.finish(memory.metrics());
    metrics.log(row);
    return row;
  }
}
