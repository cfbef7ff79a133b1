package org.sparklora.spark.dl4j;

import java.io.Serializable;
import org.sparklora.train.step.KeptVectors;

/**
 * A run's use of an executor's memory between rounds. Spark closes a broadcast value when it
 * removes the block, so destroying the broadcast of a lease frees the run's {@link KeptVectors} on
 * every executor that read it.
 *
 * @param run unique name of the run
 */
record Lease(String run) implements Serializable, AutoCloseable {
  @Override
  public void close() {
    KeptVectors.release(run);
  }
}
