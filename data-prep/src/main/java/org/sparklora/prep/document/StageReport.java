package org.sparklora.prep.document;

import java.io.Serializable;
import java.util.Optional;

/**
 * What a task tells the driver. Implementations are plain classes of arrays and numbers, because
 * Spark sends them with the session's serialiser: Kryo 4 can write neither records nor the JDK's
 * unmodifiable collections.
 */
public interface StageReport extends Serializable {

  /** How many tokens the task dealt with, for the progress. */
  long tokens();

  /** Why the run must stop, if it must. */
  Optional<String> fatalProblem();
}
