package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.observe.track.sink.TrackedRow;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.grpo.GrpoLoop;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.grpo.RoundFile;

/**
 * Does a run's work between steps: writes log rows with the work of executors, and completions if
 * wanted, then, between averages, evaluates and saves a checkpoint.
 */
final class GrpoListener implements GrpoLoop.Listener {
  private final TrainingRun run;
  private final Policy policy;
  private final TrainingRun.Evaluator evaluation;
  private final RunFolder.Writer ahead;
  private long stepStarted = System.nanoTime();
  private int steps; // since the last log row
  private double updateSeconds;
  private List<ScoredGeneration> latest;
  private Optional<Round> unfinished;

  /**
   * @param unfinished the round that the run resumes; empty for a new round
   * @param ahead writes the rounds that were drawn ahead
   */
  GrpoListener(
      TrainingRun run,
      Policy policy,
      TrainingRun.Evaluator evaluation,
      Optional<Round> unfinished,
      RunFolder.Writer ahead) {
    this.run = run;
    this.policy = policy;
    this.evaluation = evaluation;
    this.latest = unfinished.map(Round::scored).orElse(List.of());
    this.unfinished = unfinished;
    this.ahead = ahead;
  }

  @Override
  public void drawn(Round round) {
    run.sampleMemory();
    latest = round.scored();
    run.state().drawn(round.metrics(), round.tokens(), round.draws());
  }

  @Override
  public void step(PolicyMetrics step, double seconds, double epochAfter, Optional<Round> round) {
    unfinished = round;
    run.sampleMemory();
    steps++;
    updateSeconds += seconds;
    run.stepped(step.step() + 1, epochAfter);
    double stepSeconds = (System.nanoTime() - stepStarted) / 1e9;
    run.state()
        .add(step, epochAfter, run.vectors().learningRate(step.step()), stepSeconds)
        .ifPresent(this::log);
    stepStarted = System.nanoTime();
  }

  @Override
  public void settled() {
    run.evaluateWhenDue(evaluation, Map::of);
    run.saveWhenDue(this::writeRounds);
    stepStarted = System.nanoTime();
  }

  @Override
  public boolean stopsAfter(int steps) {
    return run.stopsAfter(steps);
  }

  /** Writes the rounds that are unfinished or drawn ahead, and the policy's further state. */
  void writeRounds(Path checkpoint) throws IOException {
    unfinished.ifPresent(round -> RoundFile.write(checkpoint, round));
    ahead.write(checkpoint);
    policy.updates().write(checkpoint);
  }

  @Override
  public boolean isStopped() {
    return run.isStopped();
  }

  private void log(Map<String, Object> row) {
    Map<String, Object> beside =
        new LinkedHashMap<>(policy.workers().takeUse().metrics(updateSeconds, steps));
    steps = 0;
    updateSeconds = 0;
    CompletionsLog completions = policy.config().completions();
    List<Map<String, Object>> table = completions.tracked(latest);
    if (!table.isEmpty()) {
      beside.put(TrackedRow.COMPLETIONS, table);
    }
    run.log(row, beside);
    completions.log(run.folder(), run.state().sums().steps(), latest);
  }
}
