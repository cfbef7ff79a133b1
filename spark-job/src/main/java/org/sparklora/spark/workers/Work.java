package org.sparklora.spark.workers;

import java.io.Serializable;

/**
 * What is done with each part, wherever it is. The same part must always give the same result: the
 * part of an executor that is lost is done again.
 *
 * @param <I> a part; serialisable
 * @param <O> its result; serialisable
 */
@FunctionalInterface
public interface Work<I, O> extends Serializable {
  /** Does one part. */
  O run(I part);

  /** What is done, in a word, for the names of Spark's jobs. */
  default String verb() {
    return "work";
  }

  /** Bytes of the vectors in a result, which are as large as what is trained; by default none. */
  default long vectorBytes(O result) {
    return 0;
  }
}
