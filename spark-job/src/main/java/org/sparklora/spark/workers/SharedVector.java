package org.sparklora.spark.workers;

import java.io.Serializable;
import org.sparklora.spark.train.FlatVector;

/** A vector of the driver's that every {@link Work} can read. */
public interface SharedVector extends Serializable, AutoCloseable {
  /** It, where the work is done. */
  FlatVector vector();

  /** Forgets copies; the driver's vector stays. */
  @Override
  void close();
}
