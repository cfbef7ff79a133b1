package org.sparklora.spark.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.PolicyMetrics;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.workers.Workers;

/**
 * What a run does beside its steps: log rows with what executors did, and completions where they
 * are wanted, then an evaluation, then a checkpoint.
 */
final class GrpoListener implements GrpoLoop.Listener {
  private static final double NANOS = 1e9;

  private final GrpoConfig config;
  private final TrainingRun run;
  private final TrainerState state;
  private final RunFolder folder;
  private final Workers workers;
  private final TrainingRun.Evaluator evaluation;
  private long stepStarted = System.nanoTime();
  private int steps; // since the last log row
  private double updateSeconds;
  private List<ScoredGeneration> latest;

  /**
   * @param latest completions of the round that the run goes on with; none if it begins a new one
   */
  GrpoListener(
      GrpoConfig config,
      TrainingRun run,
      RunFolder folder,
      Workers workers,
      TrainingRun.Evaluator evaluation,
      List<ScoredGeneration> latest) {
    this.config = config;
    this.run = run;
    this.state = run.state();
    this.folder = folder;
    this.workers = workers;
    this.evaluation = evaluation;
    this.latest = latest;
  }

  /** This process begins to train. */
  void start() {
    run.evaluateOnStart(evaluation);
    stepStarted = System.nanoTime();
  }

  @Override
  public void drawn(Round round) {
    run.sampleMemory();
    latest = round.scored();
    state.drawn(round.metrics(), round.tokens(), round.draws());
  }

  @Override
  public void step(
      PolicyMetrics step, double seconds, double epochAfter, Optional<Round> unfinished) {
    run.sampleMemory();
    steps++;
    updateSeconds += seconds;
    double stepSeconds = (System.nanoTime() - stepStarted) / NANOS;
    state
        .add(step, epochAfter, run.network().learningRate(step.step()), stepSeconds)
        .ifPresent(this::log);
    run.evaluateWhenDue(evaluation, Map::of);
    run.saveWhenDue(local -> unfinished.ifPresent(round -> RoundFile.write(local, round)));
    stepStarted = System.nanoTime();
  }

  private void log(Map<String, Object> row) {
    Map<String, Object> beside =
        new LinkedHashMap<>(workers.takeUse().metrics(updateSeconds, steps));
    steps = 0;
    updateSeconds = 0;
    List<Map<String, Object>> table = config.completions().tracked(latest);
    if (!table.isEmpty()) {
      beside.put(TrackedLog.COMPLETIONS, table);
    }
    run.log(row, beside);
    config.completions().log(folder, state.sums().steps(), latest);
  }
}
