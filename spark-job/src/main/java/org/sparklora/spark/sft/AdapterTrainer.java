package org.sparklora.spark.sft;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.RoundReport;
import org.sparklora.train.step.Synchronizer;

/**
 * The training loop: passes each round's rows to a {@link Synchronizer} and its report to an {@link
 * SftListener}.
 *
 * <p>If workers share one global batch, the plan has one worker and the loop divides its
 * micro-batches among the workers; if each worker takes its own steps, the plan has divided them.
 */
final class AdapterTrainer {
  private static final double NANOS = 1e9;

  private final TrainingRun run;
  private final TrainingPlan plan;
  private final TrainingRows rows;
  private final Synchronizer synchronizer;
  private final int batchShares;
  private final SftListener listener;

  /**
   * @param batchShares number of parts that a worker's micro-batches of a step are divided into
   * @param listener receives every round, and then its steps, in order
   */
  AdapterTrainer(
      TrainingRun run,
      TrainingRows rows,
      Synchronizer synchronizer,
      int batchShares,
      SftListener listener) {
    this.run = run;
    this.plan = run.plan();
    this.rows = rows;
    this.synchronizer = synchronizer;
    this.batchShares = batchShares;
    this.listener = listener;
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
      List<TrainingPlan.Step> round = plan.steps(step, endOfRound(step));
      long start = System.nanoTime();
      RoundReport report = synchronizer.train(batchShares > 1 ? shared(round) : ofWorkers(round));
      listener.round(step + round.size(), (System.nanoTime() - start) / NANOS, report);
      for (StepMetrics metrics : report.steps()) {
        listener.step(metrics, round.get(metrics.step() - step).epochAfter());
      }
      step += round.size();
      listener.settled();
    }
    listener.done();
  }

  private int endOfRound(int step) {
    int end = step + 1;
    if (plan.workers() == 1 && run.mayStop() && !synchronizer.roundsMatterToOne()) {
      return end; // a single worker has nothing to average
    }
    while (end < step + synchronizer.stepsPerRound() && !run.stopsAfter(end)) {
      end++;
    }
    return end;
  }

  /** Each worker's own rows. */
  private List<List<StepRows>> ofWorkers(List<TrainingPlan.Step> round) {
    return IntStream.range(0, plan.workers())
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
    for (int share = 0; share < batchShares; share++) {
      int from = all.size() * share / batchShares;
      int to = all.size() * (share + 1) / batchShares;
      if (from < to) {
        List<int[]> some = List.copyOf(all.subList(from, to));
        shares.add(List.of(new StepRows(step.number(), from, all.size(), normalizer, some)));
      }
    }
    return shares;
  }
}
