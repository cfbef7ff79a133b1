package org.sparklora.train.workers;

import java.io.Serializable;
import org.sparklora.train.vector.FlatVector;

/**
 * A {@link Work} that adds its main result to a vector.
 *
 * @param <I> a part; serialisable
 * @param <O> result of a part beside the vector; serialisable
 */
@FunctionalInterface
public interface Adding<I, O> extends Serializable {
  /**
   * Does one part.
   *
   * @param sum the vector that the part adds to
   */
  O add(I part, FlatVector sum);
}
