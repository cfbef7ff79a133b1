package org.sparklora.spark.sft;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.Synchronizer;
import org.sparklora.train.workers.Workers;

/**
 * The training loop: passes each round's rows to a {@link Synchronizer}, then, in transformers'
 * order, writes log rows, evaluates and saves a checkpoint. Shows progress on the terminal.
 *
 * <p>If workers share one global batch, the plan has one worker and the loop divides its
 * micro-batches among the workers; if each worker takes its own steps, the plan has divided them.
 */
final class SftLoop {
  private static final Logger LOG = LoggerFactory.getLogger(SftLoop.class);

  private final SftConfig config;
  private final TrainingRun run;
  private final TrainingRows rows;
  private final Synchronizer synchronizer;
  private final TrainingRun.Evaluator evaluation;
  private final int batchShares; // of a worker's micro-batches of a step
  private final Progress progress = Progress.start("sft", "tokens");
  private final Map<String, Number> measured = new LinkedHashMap<>(); // of the last round
  private int measuredUntil; // the last step of that round

  SftLoop(
      SftConfig config,
      TrainingRun run,
      TrainingRows rows,
      Synchronizer synchronizer,
      TrainingRun.Evaluator evaluation,
      int batchShares) {
    this.config = config;
    this.run = run;
    this.rows = rows;
    this.synchronizer = synchronizer;
    this.evaluation = evaluation;
    this.batchShares = batchShares;
    progress.goOnFrom((double) run.firstStep() / run.endStep(), run.state().sums().tokens());
  }

  /**
   * Takes the run's steps. Rounds are counted from the first step of this process, so that a run
   * resumed at the end of a round averages after the same steps as an uninterrupted run.
   *
   * @throws org.sparklora.train.NonFiniteLossException if the model diverges
   */
  void run() {
    int step = run.firstStep();
    while (step < run.endStep() && !run.isStopped()) {
      Interruption.check();
      List<TrainingPlan.Step> round = run.plan().steps(step, endOfRound(step));
      long start = System.nanoTime();
      RoundReport report = synchronizer.train(batchShares > 1 ? shared(round) : ofWorkers(round));
      measure(step + round.size(), (System.nanoTime() - start) / 1e9, report);
      for (StepMetrics metrics : report.steps()) {
        add(metrics, round.get(metrics.step() - step).epochAfter());
      }
      step += round.size();
      // the parameters are current: those after all steps so far, of every worker
      run.evaluateWhenDue(evaluation, this::takeMeasured).ifPresent(this::compare);
      run.saveWhenDue(synchronizer::write);
    }
    if (config.output().showProgress()) {
      progress.done(run.state().sums().tokens());
    }
  }

  private int endOfRound(int step) {
    int end = step + 1;
    if (run.plan().workers() == 1 && run.mayStop() && !synchronizer.roundsMatterToOne()) {
      return end; // a single worker has nothing to average
    }
    while (end < step + synchronizer.stepsPerRound() && !run.stopsAfter(end)) {
      end++;
    }
    return end;
  }

  /** Each worker's own rows. */
  private List<List<StepRows>> ofWorkers(List<TrainingPlan.Step> round) {
    return IntStream.range(0, run.plan().workers())
        .mapToObj(worker -> rows.ofWorker(worker, round))
        .toList();
  }

  /**
   * One step's micro-batches in parts of nearly equal length; all losses are divided by the step's
   * target tokens.
   */
  private List<List<StepRows>> shared(List<TrainingPlan.Step> round) {
    TrainingPlan.Step step = round.get(0);
    List<int[]> all = step.microBatches().get(0);
    long normalizer = rows.targetTokens(all);
    List<List<StepRows>> shares = new ArrayList<>();
    int first = 0;
    for (List<int[]> some : Workers.shares(all, batchShares)) {
      shares.add(List.of(new StepRows(step.number(), first, all.size(), normalizer, some)));
      first += some.size();
    }
    return shares;
  }

  /** Keeps a round's measurements for the log; its last step is counted from 1. */
  private void measure(int lastStep, double seconds, RoundReport round) {
    measuredUntil = lastStep;
    measured.clear();
    long tokens = round.steps().stream().mapToLong(StepMetrics::tokens).sum();
    measured.put("tokens_per_second", tokens / seconds);
    measured.putAll(round.use().metrics(seconds, 1));
    round
        .averagingError()
        .ifPresent(
            error -> {
              measured.put("averaging_error", error);
              LOG.info(
                  "Averaging error after step {}: {} of the update's norm",
                  lastStep,
                  String.format(Locale.ROOT, "%.3g", error));
            });
  }

  private void add(StepMetrics step, double epochAfter) {
    run.sampleMemory();
    run.stepped(step.step() + 1, epochAfter);
    run.state()
        .add(step, epochAfter, run.vectors().learningRate(step.step()))
        .ifPresent(row -> run.log(row, takeMeasured()));
    if (config.output().showProgress()) {
      progress.show((step.step() + 1.0) / run.endStep(), run.state().sums().tokens());
    }
  }

  /** A round's measurements, logged once, with the first row that covers its last step. */
  private Map<String, Number> takeMeasured() {
    if (run.state().sums().steps() < measuredUntil) {
      return Map.of();
    }
    Map<String, Number> taken = new LinkedHashMap<>(measured);
    measured.clear();
    return taken;
  }

  private void compare(Map<String, Object> row) {
    config
        .evaluation()
        .best()
        .filter(best -> row.get(best.metric()) != null)
        .ifPresent(
            best -> run.state().compare((Double) row.get(best.metric()), best.greaterIsBetter()));
  }
}
