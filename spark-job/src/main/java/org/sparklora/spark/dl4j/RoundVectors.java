package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;

/**
 * The driver's side of a round: sends vectors to the workers, and changes the driver's vectors by
 * the sum of the returned ones, which {@link ShardedSum} delivers in shards. Closing frees the
 * copies on executors.
 */
interface RoundVectors extends ShardedSum.Target, AutoCloseable {

  /** The worker's side of this round, to be sent. */
  OfWorkers ofWorkers();

  /** Bytes that an executor receives. */
  long bytes();

  /** The rounding of the sum. */
  Dither dither();

  /**
   * Changes the driver's vectors, after all shards were taken.
   *
   * @param error measures the averaging error from the mean of the workers' parameters
   */
  OptionalDouble end(Function<Pointer, OptionalDouble> error);

  @Override
  void close();

  /** A worker's side of a round. */
  interface OfWorkers extends Serializable {
    /** Gives a worker, by its place among the busy ones, its parameters and moments. */
    void load(int worker, TrainedNetwork network);

    /**
     * The vectors of a worker after its last step, to be closed before the network, which is used
     * for nothing else afterwards.
     */
    List<FlatVector> given(int worker, TrainedNetwork network);

    /** The weight of a worker in the mean. */
    default double weight(int worker) {
      return 1;
    }

    /** Whether the mean may be that of some of the workers. */
    default boolean canLeaveOut() {
      return false;
    }

    /** The vectors of a worker that is left out: zeros. */
    default List<FlatVector> nothing(TrainedNetwork network) {
      throw new UnsupportedOperationException("every worker counts");
    }
  }
}
