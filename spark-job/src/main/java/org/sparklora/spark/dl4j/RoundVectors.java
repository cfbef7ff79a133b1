package org.sparklora.spark.dl4j;

import java.io.Serializable;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.sparklora.spark.workers.ShardedSum;
import org.sparklora.train.vector.Dither;

/**
 * The vectors of a round on the driver: workers receive some and return others, whose sum changes
 * the driver's. {@link ShardedSum} delivers the sum in shards. Closing it frees copies on
 * executors.
 */
interface RoundVectors extends ShardedSum.Target, AutoCloseable {

  /** The worker's side of this round, to be sent. */
  OfWorkers ofWorkers();

  /** Lengths of the vectors that workers return. */
  List<Long> sizes();

  /** Rounds the sum. */
  Dither dither();

  /**
   * Changes the driver's vectors, after all shards were taken.
   *
   * @param reader receives the mean of the workers' parameters, to be read before it returns
   * @return the reader's result
   */
  <T> T end(Function<Pointer, T> reader);

  @Override
  void close();

  /** A worker's side of a round. */
  interface OfWorkers extends Serializable {
    /**
     * Gives a worker its parameters and moments.
     *
     * @param worker its place among the round's busy workers
     * @param network new
     */
    void load(int worker, MultiLayerNetwork network);

    /** The contribution of a worker after its last step; the network is unusable afterwards. */
    <O> ShardedSum.Given<O> given(int worker, MultiLayerNetwork network, O told);

    /** Whether the mean may be that of some of the workers. */
    default boolean canLeaveOut() {
      return false;
    }

    /** The contribution of a worker that is left out. */
    default <O> ShardedSum.Given<O> nothing(O told) {
      throw new UnsupportedOperationException("every worker counts");
    }
  }
}
