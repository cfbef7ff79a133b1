package org.sparklora.train.step;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.train.StepRows;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.SharedVector;

/**
 * The start of a round of local steps, from which any process can begin: the vectors of the latest
 * snapshot, and the rounds since. A process that has the vectors of the round before ({@link
 * KeptVectors}) reads only that round's update; any other reads the snapshot and all updates since,
 * and repeats a worker's steps for its moments.
 *
 * @param firstStep the round's first step, from 0
 * @param endStep the step after its last
 */
public record RoundStart(Run run, Snapshot snapshot, List<Past> past, int firstStep, int endStep)
    implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(RoundStart.class);

  /**
   * The parts of a start that all rounds of a run share. Closing a run frees the vectors that this
   * process keeps for the run; Spark closes a broadcast run when it removes the block, so
   * destroying the broadcast frees them on every executor that read it.
   *
   * @param name unique
   */
  public record Run(String name, AveragingSettings settings, TrainingPlan plan, TrainingRows rows)
      implements Serializable, AutoCloseable {
    private List<StepRows> steps(int worker, Past over) {
      return rows.ofWorker(worker, plan.steps(over.firstStep(), over.endStep()));
    }

    @Override
    public void close() {
      KeptVectors.release(name);
    }
  }

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

  /** Number of rounds that this driver ended before this one. */
  public int round() {
    return snapshot.round() + past.size();
  }

  /** Bytes that an executor receives: the parameters in the first round, then their update. */
  public long bytes(long parameters) {
    return round() == 0 ? VectorType.FLOAT32.bytes(parameters) : run.settings().bytes(parameters);
  }

  /** The rounds that are over since the start of a round, which may not be before the snapshot. */
  List<Past> since(int round) {
    return past.subList(round - snapshot.round(), past.size());
  }

  /** Whether a worker's moments at the start of a round may be used at the start of this one. */
  boolean hasMomentsOf(int worker, int round) {
    return round >= snapshot.round()
        && (run.settings().bySpeed() // promises no equal bits
            || round <= round()
                && since(round).stream().allMatch(over -> run.steps(worker, over).isEmpty()));
  }

  /** Gives a worker its parameters and moments; the latter must be zeros before. */
  public void load(int worker, TrainedVectors vectors) {
    KeptVectors here = KeptVectors.of(run.name());
    Optional<FlatVector> kept = here.take(this, worker);
    kept.ifPresentOrElse(
        moments -> moments.copyTo(vectors.moments()), () -> takeStepsAgain(worker, vectors));
    kept.ifPresent(FlatVector::close);
    here.parameters(this, start -> start.copyTo(vectors.parameters()));
  }

  private void takeStepsAgain(int worker, TrainedVectors vectors) {
    if (!snapshot.moments().isEmpty()) {
      snapshot.moments().get(worker).vector().copyTo(vectors.moments());
    }
    if (past.isEmpty() || run.settings().bySpeed()) { // dealt by speed: not recorded
      return;
    }
    LOG.info(
        "Worker {} takes steps {} to {} again: its moments are not in this process",
        worker,
        past.get(0).firstStep() + 1,
        past.get(past.size() - 1).endStep());
    try (FlatVector start = snapshot.parameters().vector().copy()) {
      for (Past over : past) {
        start.copyTo(vectors.parameters());
        run.steps(worker, over).forEach(step -> vectors.step(step, run.rows()));
        over.update().vector().addTo(start.pointer());
      }
    }
  }

  /**
   * Ends a worker's round: keeps its moments in this process.
   *
   * @param vectors after the worker's last step; their parameters are overwritten
   * @param share the worker's weight in the mean
   * @return the change of the worker's parameters since the start of the round, times {@code share}
   */
  public FlatVector change(int worker, TrainedVectors vectors, double share) {
    KeptVectors here = KeptVectors.ifRunning(run.name());
    here.put(worker, round() + 1, vectors.copyOfMoments());
    here.parameters(this, start -> start.addTo(-1, vectors.parameters()));
    FlatVector change = new FlatVector(vectors.size());
    FlatVector.over(vectors.parameters(), vectors.size()).addTo((float) share, change.pointer());
    return change.as(run.settings().onWire(), dither(worker));
  }

  /** The random numbers with which a worker rounds its change. */
  Dither dither(int worker) {
    return Dither.of(run.settings().seed(), firstStep, worker);
  }

  /** The random numbers with which the sum of all changes is rounded. */
  public Dither ditherOfSum() {
    return dither(run.plan().workers());
  }

  /** The random numbers with which the update is rounded. */
  Dither ditherOfUpdate() {
    return dither(run.plan().workers() + 1);
  }

  /** A copy of a worker's moments at the start of this round, which stay in this process. */
  FlatVector momentsOf(int worker, TrainedVectors vectors) {
    load(worker, vectors);
    FlatVector ours = vectors.copyOfMoments();
    KeptVectors.ifRunning(run.name()).put(worker, round(), ours);
    return vectors.copyOfMoments();
  }
}
