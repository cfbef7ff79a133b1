package org.sparklora.spark.workers;

import java.io.Serializable;
import org.bytedeco.javacpp.Pointer;

/** A float vector of the driver's that every {@link Work} can read. */
public interface SharedVector extends Serializable, AutoCloseable {
  /** Its memory, where the work is done. */
  Pointer floats();

  /** Forgets copies; the driver's vector stays. */
  @Override
  void close();
}
