package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.broadcast.Broadcast;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.sparklora.spark.workers.ShardedSum;
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
  private final FlatVector mean;
  private final OfRound ofRound;
  private final int firstStep;
  private final int endStep;

  /**
   * @param lease for executors; empty if all workers are in this process
   * @param steps for each worker its steps; some workers may have none
   */
  OuterStep(
      LocalRounds rounds,
      Optional<Broadcast<Lease>> lease,
      long size,
      List<List<StepRows>> steps,
      int firstStep,
      int endStep) {
    this.rounds = rounds;
    this.mean = new FlatVector(size);
    this.firstStep = firstStep;
    this.endStep = endStep;
    int[] busy =
        IntStream.range(0, steps.size()).filter(worker -> !steps.get(worker).isEmpty()).toArray();
    this.ofRound =
        new OfRound(
            rounds.start(),
            size,
            lease.orElse(null),
            busy,
            LocalRounds.shares(steps),
            IntStream.of(busy).mapToObj(worker -> rounds.dither(firstStep, worker)).toList());
  }

  @Override
  public OfWorkers ofWorkers() {
    return ofRound;
  }

  @Override
  public List<Long> sizes() {
    return List.of(mean.size());
  }

  @Override
  public Dither dither() {
    return rounds.ditherOfSum(firstStep);
  }

  @Override
  public void take(int vector, long from, FlatVector shard, double weight) {
    if (weight > 0) { // 1 unless workers were left out
      shard.addTo((float) (1 / weight), FlatVector.at(mean.pointer(), from));
    }
  }

  @Override
  public <T> T end(Function<Pointer, T> reader) {
    try (FlatVector parameters = rounds.copyOfParameters()) {
      mean.addTo(parameters.pointer());
      T read = reader.apply(parameters.pointer());
      rounds.end(firstStep, endStep, mean);
      return read;
    }
  }

  @Override
  public void close() {
    mean.close();
  }

  /**
   * @param size number of parameters
   * @param lease of executors' memory, or null
   * @param busy the workers with steps
   * @param shares of all workers in the mean
   * @param dithers of the busy workers
   */
  private record OfRound(
      RoundStart start,
      long size,
      Broadcast<Lease> lease,
      int[] busy,
      double[] shares,
      List<Dither> dithers)
      implements OfWorkers {
    @Override
    public void load(int worker, MultiLayerNetwork network) {
      if (lease != null) {
        lease.value(); // this executor has it from now on, until it is destroyed
      }
      start.load(busy[worker], NetworkVectors.of(network));
    }

    @Override
    public <O> ShardedSum.Given<O> given(int worker, MultiLayerNetwork network, O told) {
      double share = shares[busy[worker]];
      FlatVector change =
          start.change(busy[worker], NetworkVectors.of(network), share, dithers.get(worker));
      NetworkVectors.free(network);
      return new ShardedSum.Given<>(List.of(change), share, told, change::close);
    }

    /** Not in the first round of a process, which measures the workers' speeds. */
    @Override
    public boolean canLeaveOut() {
      return lease != null && start.settings().bySpeed() && start.round() > 0;
    }

    @Override
    public <O> ShardedSum.Given<O> nothing(O told) {
      FlatVector zeros = new FlatVector(size).as(start.settings().onWire(), Dither.NONE);
      return new ShardedSum.Given<>(List.of(zeros), 0, told, zeros::close);
    }
  }
}
