package org.sparklora.prep.document;

import java.io.Serializable;
import java.util.Optional;

/**
 * A task's report to the driver. Implementations are plain classes of arrays and numbers, because
 * Spark sends them with the session's serialiser: Kryo 4 can write neither records nor the JDK's
 * unmodifiable collections.
 */
public interface StageReport extends Serializable {

  /** Number of tokens that the task processed, for progress. */
  long tokens();

  /** The reason why the run must stop, if it must. */
  default Optional<String> fatalProblem() {
    return Optional.empty();
  }
}
