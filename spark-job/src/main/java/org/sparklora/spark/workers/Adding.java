package org.sparklora.spark.workers;

import java.io.Serializable;
import org.sparklora.spark.train.FlatVector;

/**
 * {@link Work} whose main result is added to a vector.
 *
 * @param <I> a part; serialisable
 * @param <O> what it tells besides; serialisable
 */
@FunctionalInterface
public interface Adding<I, O> extends Serializable {
  /**
   * Does one part.
   *
   * @param sum added to
   */
  O add(I part, FlatVector sum);

  /** What is done, in a word, for the names of Spark's jobs. */
  default String verb() {
    return "add up";
  }
}
