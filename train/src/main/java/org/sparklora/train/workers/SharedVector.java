package org.sparklora.train.workers;

import java.io.Serializable;
import org.sparklora.train.vector.FlatVector;

/** A vector of the driver that every {@link Workers.Work} can read. */
public interface SharedVector extends Serializable, AutoCloseable {
  /** The vector in the process that calls, driver or executor. */
  FlatVector vector();

  /** Frees the copies, and the vector itself if it was given to {@link Workers#share}. */
  @Override
  void close();
}
