package org.sparklora.train.workers;

import java.io.Serializable;

/**
 * A function applied to each part, on an executor or in this process. It must be deterministic:
 * Spark retries the parts of a lost executor.
 *
 * @param <I> a part; serialisable
 * @param <O> its result; serialisable
 */
@FunctionalInterface
public interface Work<I, O> extends Serializable {
  /** Does one part. */
  O run(I part);

  /** The verb in the names of Spark's jobs. */
  default String verb() {
    return "work";
  }

  /** Bytes of a result's vectors as long as the trained parameters, for metrics; by default 0. */
  default long vectorBytes(O result) {
    return 0;
  }
}
