package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.meter.PeakMemory;
import org.sparklora.spark.run.Checkpoints;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.Cadence;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.workers.Workers;

/**
 * Follows a run: log rows on the terminal and, with the memory used and what executors did, in
 * {@code metrics.jsonl}, completions where they are wanted, and checkpoints.
 */
final class GrpoReport implements GrpoLoop.Listener {
  private static final double NANOS = 1e9;
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
          "eval_loss",
          "eval_reward",
          "eval_reward_std",
          "eval_completions/mean_length",
          "eval_completions/clipped_ratio",
          "eval_entropy",
          "eval_runtime",
          "epoch");

  private final TrainingPlan plan;
  private final Cadence saving;
  private final TrainerState state;
  private final TrackedLog metrics;
  private final AdapterNetwork network;
  private final Checkpoints checkpoints;
  private final GrpoResults results;
  private final GrpoConfig config;
  private final Cadence evaluating;
  private final Optional<GrpoEvaluation> evaluation;
  private final RunFolder folder;
  private final Workers workers;
  private final PeakMemory memory = new PeakMemory();
  private final int firstStep;
  private final int samplesPerStep;
  private final long started = System.nanoTime();
  private long stepStarted = started;
  private int steps; // since the last log row
  private double updateSeconds;
  private List<ScoredGeneration> latest = List.of();

  GrpoReport(
      GrpoConfig config,
      TrainingPlan plan,
      TrainerState state,
      TrackedLog metrics,
      AdapterNetwork network,
      Checkpoints checkpoints,
      GrpoResults results,
      RunFolder folder,
      Workers workers,
      Optional<GrpoEvaluation> evaluation) {
    this.plan = plan;
    this.saving = config.checkpoints().cadence(plan.totalSteps());
    this.state = state;
    this.metrics = metrics;
    this.network = network;
    this.checkpoints = checkpoints;
    this.results = results;
    this.config = config;
    this.evaluating = config.evaluation().schedule().cadence(plan.totalSteps());
    this.evaluation = evaluation;
    this.folder = folder;
    this.workers = workers;
    this.firstStep = state.sums().steps();
    this.samplesPerStep = config.batch().rows() * config.batch().accumulation();
  }

  /** The run goes on in the middle of a round with these completions. */
  void goOnWith(List<ScoredGeneration> scored) {
    latest = scored;
  }

  @Override
  public void drawn(Round round) {
    memory.sample();
    latest = round.scored();
    state.drawn(round.metrics(), round.tokens(), round.draws());
  }

  @Override
  public void step(
      PolicyMetrics step, double seconds, double epochAfter, Optional<Round> unfinished) {
    memory.sample();
    steps++;
    updateSeconds += seconds;
    long now = System.nanoTime();
    state
        .add(step, epochAfter, network.learningRate(step.step()), (now - stepStarted) / NANOS)
        .ifPresent(this::log);
    results.setUnfinished(unfinished);
    if (evaluating.falls(state.sums().steps(), plan)) {
      evaluation.ifPresent(this::evaluate);
    }
    if (saving.falls(state.sums().steps(), plan)) {
      checkpoints.save(state);
    }
    stepStarted = System.nanoTime();
  }

  /** The run begins, from the first step. */
  void start() {
    if (config.evaluation().schedule().onStart()) {
      evaluation.ifPresent(this::evaluate);
    }
    stepStarted = System.nanoTime();
  }

  private void evaluate(GrpoEvaluation of) {
    long begun = System.nanoTime();
    Map<String, Double> measured = of.run();
    int batches = (of.samples() - 1) / config.evaluation().batch() + 1;
    write(
        state.evaluated(measured, (System.nanoTime() - begun) / NANOS, of.samples(), batches),
        Map.of());
  }

  private void log(Map<String, Object> row) {
    Map<String, Object> more = new LinkedHashMap<>(workers.takeUse().metrics(updateSeconds, steps));
    steps = 0;
    updateSeconds = 0;
    List<Map<String, Object>> table = config.completions().tracked(latest);
    if (!table.isEmpty()) {
      more.put(TrackedLog.COMPLETIONS, table);
    }
    write(row, more);
    config.completions().log(folder, state.sums().steps(), latest);
  }

  private void write(Map<String, Object> row, Map<String, Object> more) {
    Map<String, Object> withMemory = new LinkedHashMap<>(row);
    withMemory.putAll(memory.metrics());
    withMemory.putAll(more);
    metrics.log(withMemory);
    System.out.println(
        PRINTED.stream()
            .filter(name -> row.get(name) != null)
            .map(name -> "'%s': '%.4g'".formatted(name, (Double) row.get(name)))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  /** Training has ended: logs the last row and returns it. */
  Map<String, Object> finish() {
    double seconds = (System.nanoTime() - started) / NANOS;
    Map<String, Object> more = new LinkedHashMap<>(memory.metrics());
    more.put(
        "train_samples_per_second",
        (state.sums().steps() - firstStep) * (double) samplesPerStep / seconds);
    Map<String, Object> row = state.finish(seconds, more);
    metrics.log(row);
    return row;
  }
}
