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
}
