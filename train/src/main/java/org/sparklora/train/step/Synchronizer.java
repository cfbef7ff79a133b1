package org.sparklora.train.step;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.sparklora.train.StepRows;

/**
 * How several executors train one set of parameters. Implementations change the parameters of the
 * {@link TrainedVectors} they were made with.
 */
public interface Synchronizer extends AutoCloseable {

  /** Number of optimizer steps that {@link #train} takes at once. */
  int stepsPerRound();

  /** Whether the result of a single worker depends on where its rounds end. */
  default boolean roundsMatterToOne() {
    return false;
  }

  /**
   * Trains on the rows of at most {@link #stepsPerRound} steps.
   *
   * @param rows for each worker the rows of each step, in order
   * @throws org.sparklora.train.NonFiniteLossException if a loss or gradient is not finite; the
   *     parameters are unusable then
   */
  RoundReport train(List<List<StepRows>> rows);

  /** Writes the state of a checkpoint beside the trained vectors. */
  default void write(Path checkpoint) throws IOException {}

  /** Restores the state of a checkpoint; the trained vectors are restored before. */
  default void read(Path checkpoint) throws IOException {}

  /** Frees the vectors that executors keep for the next round. */
  @Override
  default void close() {}
}
