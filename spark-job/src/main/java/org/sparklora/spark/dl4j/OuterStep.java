package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.apache.spark.broadcast.Broadcast;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.train.StepRows;
import org.sparklora.train.step.LocalRounds;
import org.sparklora.train.step.RoundStart;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;

/**
 * A round of {@link LocalRounds}: workers return the changes of their parameters, and the driver
 * takes the outer step with the mean.
 */
final class OuterStep implements RoundVectors {
  private final LocalRounds rounds;
  private final OfRound ofRound;
  private final FlatVector mean;

  /**
   * @param lease keeps the run's vectors on executors; empty if all workers are in this process
   * @param busy the workers with steps
   * @param steps of each busy worker
   * @param firstStep the round's first step, from 0
   * @param endStep the step after the round's last
   */
  OuterStep(
      LocalRounds rounds,
      Optional<Broadcast<RoundStart.Run>> lease,
      int[] busy,
      List<List<StepRows>> steps,
      int firstStep,
      int endStep) {
    this.rounds = rounds;
    this.ofRound =
        new OfRound(
            rounds.start(firstStep, endStep), lease.orElse(null), busy, LocalRounds.shares(steps));
    this.mean = new FlatVector(rounds.vectors().size());
  }

  @Override
  public OfWorkers ofWorkers() {
    return ofRound;
  }

  @Override
  public long bytes() {
    return ofRound.start.bytes(mean.size());
  }

  @Override
  public Dither dither() {
    return ofRound.start.ditherOfSum();
  }

  @Override
  public void take(int vector, long from, FlatVector shard, double weight) {
    if (weight > 0) { // 1 unless workers were left out
      shard.addTo((float) (1 / weight), FlatVector.at(mean.pointer(), from));
    }
  }

  @Override
  public OptionalDouble end(Function<Pointer, OptionalDouble> error) {
    try (FlatVector parameters = rounds.vectors().vector().copy()) {
      mean.addTo(parameters.pointer());
      OptionalDouble ofMean = error.apply(parameters.pointer());
      rounds.end(ofRound.start, mean);
      return ofMean;
    }
  }

  @Override
  public void close() {
    mean.close();
  }

  /**
   * @param lease null in local mode. Each executor that reads it keeps the run's vectors until it
   *     is destroyed
   * @param shares of the busy workers in the mean
   */
  private record OfRound(
      RoundStart start, Broadcast<RoundStart.Run> lease, int[] busy, double[] shares)
      implements OfWorkers {
    @Override
    public void load(int worker, TrainedNetwork network) {
      if (lease != null) {
        lease.value();
      }
      start.load(busy[worker], network.vectors());
    }

    @Override
    public List<FlatVector> given(int worker, TrainedNetwork network) {
      return List.of(start.change(busy[worker], network.vectors(), shares[worker]));
    }

    @Override
    public double weight(int worker) {
      return shares[worker];
    }

    /** False in the first round of a process, which measures the workers' speeds. */
    @Override
    public boolean canLeaveOut() {
      return lease != null && start.run().settings().bySpeed() && start.round() > 0;
    }

    @Override
    public List<FlatVector> nothing(TrainedNetwork network) {
      FlatVector zeros = new FlatVector(network.vectors().size());
      return List.of(zeros.as(start.run().settings().onWire(), Dither.NONE));
    }
  }
}
