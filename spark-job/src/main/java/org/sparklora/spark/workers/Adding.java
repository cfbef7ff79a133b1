package org.sparklora.spark.workers;

import java.io.Serializable;
import org.bytedeco.javacpp.Pointer;

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
   * @param sum float32; added to
   */
  O add(I part, Pointer sum);

  /** What is done, in a word, for the names of Spark's jobs. */
  default String verb() {
    return "add up";
  }
}
