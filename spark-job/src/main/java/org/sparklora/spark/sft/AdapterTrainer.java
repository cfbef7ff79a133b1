package org.sparklora.spark.sft;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.spark.dl4j.RoundReport;
import org.sparklora.spark.dl4j.Synchronizer;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.StepRows;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.train.TrainingRows;

/**
 * The training loop: hands each round's rows to a {@link Synchronizer} and what came of them to a
 * {@link Listener}.
 *
 * <p>Where workers share one global batch, the plan has one worker and the loop deals its
 * micro-batches out in runs; where they step on their own, the plan has dealt them out already.
 */
public final class AdapterTrainer {
  private static final double NANOS = 1e9;

  private final TrainingPlan plan;
  private final TrainingRows rows;
  private final Synchronizer synchronizer;
  private final int batchShares;
  private final IntToDoubleFunction learningRate;
  private final IntPredicate stops;

  /** Hears of every step, in order. */
  public interface Listener {
    /**
     * A round is over, of which the next steps are the steps.
     *
     * @param lastStep its last step, from 1
     * @param seconds that it took
     */
    void round(int lastStep, double seconds, RoundReport report);

    /** A step is done. */
    void step(StepMetrics metrics, double epochAfter, double learningRate);

    /** A round is over: the parameters are those after {@code steps} steps of every worker. */
    void settled(int steps) throws IOException;
  }

  /**
   * @param batchShares into how many runs a worker's micro-batches of a step are divided
   * @param learningRate of each step, from 0
   * @param stops whether a round has to end when so many steps are done, because the parameters are
   *     asked for then
   */
  public AdapterTrainer(
      TrainingPlan plan,
      TrainingRows rows,
      Synchronizer synchronizer,
      int batchShares,
      IntToDoubleFunction learningRate,
      IntPredicate stops) {
    this.plan = plan;
    this.rows = rows;
    this.synchronizer = synchronizer;
    this.batchShares = batchShares;
    this.learningRate = learningRate;
    this.stops = stops;
  }

  /**
   * Trains to the end of the plan.
   *
   * @param from steps that are done already. Rounds are counted from there, so that a run that is
   *     resumed where its round ended averages when the uninterrupted one does
   * @throws org.sparklora.spark.train.NonFiniteLossException if the model diverges
   * @throws IOException if the listener cannot write
   */
  public void run(int from, Listener listener) throws IOException {
    int step = from;
    while (step < plan.totalSteps()) {
      Interruption.check();
      List<TrainingPlan.Step> round = plan.steps(step, endOfRound(step));
      long start = System.nanoTime();
      RoundReport report = synchronizer.train(batchShares > 1 ? shared(round) : ofWorkers(round));
      listener.round(step + round.size(), (System.nanoTime() - start) / NANOS, report);
      for (StepMetrics metrics : report.steps()) {
        TrainingPlan.Step planned = round.get(metrics.step() - step);
        listener.step(metrics, planned.epochAfter(), learningRate.applyAsDouble(metrics.step()));
      }
      step += round.size();
      listener.settled(step);
    }
  }

  private int endOfRound(int step) {
    int end = step + 1;
    while (end < step + synchronizer.stepsPerRound() && !stops.test(end)) {
      end++;
    }
    return end;
  }

  /** Each worker's own micro-batches, divided by its own target tokens. */
  private List<List<StepRows>> ofWorkers(List<TrainingPlan.Step> round) {
    List<List<StepRows>> byWorker = new ArrayList<>();
    for (int worker = 0; worker < plan.workers(); worker++) {
      List<StepRows> steps = new ArrayList<>();
      for (TrainingPlan.Step step : round) {
        List<List<PackedSequence>> microBatches = read(step.microBatches().get(worker));
        if (!microBatches.isEmpty()) {
          steps.add(
              new StepRows(
                  step.number(), 0, StepRows.targetTokens(microBatches), false, microBatches));
        }
      }
      byWorker.add(markLast(steps));
    }
    return byWorker;
  }

  private static List<StepRows> markLast(List<StepRows> steps) {
    List<StepRows> marked = new ArrayList<>(steps);
    if (!steps.isEmpty()) {
      StepRows last = steps.get(steps.size() - 1);
      marked.set(
          steps.size() - 1,
          new StepRows(last.step(), 0, last.normalizer(), true, last.microBatches()));
    }
    return marked;
  }

  /**
   * One step's micro-batches in runs of nearly equal length, divided by the target tokens of all.
   */
  private List<List<StepRows>> shared(List<TrainingPlan.Step> round) {
    TrainingPlan.Step step = round.get(0);
    List<List<PackedSequence>> all = read(step.microBatches().get(0));
    long normalizer = StepRows.targetTokens(all);
    List<List<StepRows>> shares = new ArrayList<>();
    for (int share = 0; share < batchShares; share++) {
      int from = all.size() * share / batchShares;
      int to = all.size() * (share + 1) / batchShares;
      if (from < to) {
        shares.add(
            List.of(new StepRows(step.number(), from, normalizer, true, all.subList(from, to))));
      }
    }
    return shares;
  }

  private List<List<PackedSequence>> read(List<int[]> microBatches) {
    return microBatches.stream()
        .map(numbers -> Arrays.stream(numbers).mapToObj(rows::row).toList())
        .toList();
  }
}
