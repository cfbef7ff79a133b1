package org.sparklora.train.step;

import java.io.Serializable;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.SharedVector;

/**
 * The start of a round of local steps, as any process can make it: the vectors of the latest
 * snapshot, and the rounds since. A process that has the vectors of the round before ({@link
 * KeptVectors}) reads that round's update alone; another one reads the snapshot and all updates
 * since, and takes a worker's steps since again, for its moments.
 *
 * @param run unique name of the run
 * @param settings of the averages
 * @param plan the rows of each step
 * @param rows the training rows
 * @param snapshot the latest
 * @param past the rounds since the snapshot
 */
public record RoundStart(
    String run,
    AveragingSettings settings,
    TrainingPlan plan,
    TrainingRows rows,
    Snapshot snapshot,
    List<Past> past)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(RoundStart.class);

  /**
   * The vectors from which a process can begin.
   *
   * @param round number of rounds before
   * @param moments of each worker; empty if all are zeros
   */
  record Snapshot(int round, SharedVector parameters, List<SharedVector> moments)
      implements Serializable {
    void close() {
      parameters.close();
      moments.forEach(SharedVector::close);
    }
  }

  /**
   * A round that is over.
   *
   * @param firstStep its first step, from 0
   * @param endStep the step after its last
   * @param update change of the parameters at its end
   */
  record Past(int firstStep, int endStep, SharedVector update) implements Serializable {}

  /** Number of rounds before this one. */
  public int round() {
    return snapshot.round() + past.size();
  }

  /** The change of the parameters at the end of a round since the snapshot. */
  FlatVector update(int round) {
    return past.get(round - snapshot.round()).update().vector();
  }

  /** Whether the moments that a worker had at the start of a round serve at that of this one. */
  boolean hasMomentsOf(int worker, int round) {
    return settings.bySpeed() // which does not promise the same bits
        || round >= snapshot.round()
            && round <= round()
            && past.subList(round - snapshot.round(), past.size()).stream()
                .allMatch(over -> stepsOf(over, worker).isEmpty());
  }

  private List<StepRows> stepsOf(Past over, int worker) {
    return rows.ofWorker(worker, plan.steps(over.firstStep(), over.endStep()));
  }

  /**
   * Gives a worker its parameters and moments.
   *
   * @param vectors parameters of any values, moments of zeros
   */
  public void load(int worker, TrainedVectors vectors) {
    KeptVectors.of(run)
        .take(this, worker)
        .ifPresentOrElse(
            kept -> {
              try (kept) {
                kept.copyTo(vectors.moments());
              }
            },
            () -> takeStepsAgain(worker, vectors));
    KeptVectors.of(run).parameters(this, start -> start.copyTo(vectors.parameters()));
  }

  private void takeStepsAgain(int worker, TrainedVectors vectors) {
    if (!snapshot.moments().isEmpty()) {
      snapshot.moments().get(worker).vector().copyTo(vectors.moments());
    }
    if (past.isEmpty() || settings.bySpeed()) { // by speed nobody knows which steps it took
      return;
    }
    LOG.info(
        "Worker {} takes steps {} to {} again: its moments are not in this process",
        worker,
        past.get(0).firstStep() + 1,
        past.get(past.size() - 1).endStep());
    FlatVector first = snapshot.parameters().vector();
    try (FlatVector start = new FlatVector(first.size())) {
      first.copyTo(start.pointer());
      for (Past over : past) {
        start.copyTo(vectors.parameters());
        stepsOf(over, worker).forEach(step -> vectors.step(step, rows));
        over.update().vector().addTo(start.pointer());
      }
    }
  }

  /**
   * Ends a worker's round: keeps its moments in this process.
   *
   * @param vectors after the worker's last step; their parameters are overwritten
   * @param share the worker's weight in the mean
   * @param dither rounds the change
   * @return the change of the worker's parameters since the start of the round, times {@code share}
   */
  public FlatVector change(int worker, TrainedVectors vectors, double share, Dither dither) {
    KeptVectors kept = KeptVectors.of(run);
    kept.put(worker, round() + 1, FlatVector.copyOf(vectors.moments(), 2 * vectors.size()));
    kept.parameters(this, start -> start.addTo(-1, vectors.parameters()));
    try (FlatVector change = new FlatVector(vectors.size())) {
      FlatVector.over(vectors.parameters(), vectors.size()).addTo((float) share, change.pointer());
      return FlatVector.copyOf(change.pointer(), change.size(), settings.onWire(), dither);
    }
  }

  /** A copy of a worker's moments at the start of this round, which stay in this process. */
  FlatVector momentsOf(int worker, TrainedVectors vectors) {
    load(worker, vectors);
    FlatVector ours = FlatVector.copyOf(vectors.moments(), 2 * vectors.size());
    KeptVectors.of(run).put(worker, round(), ours);
    return FlatVector.copyOf(vectors.moments(), 2 * vectors.size());
  }
}
