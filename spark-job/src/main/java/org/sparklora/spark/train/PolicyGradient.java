package org.sparklora.spark.train;

import java.io.Serializable;
import java.util.Map;

/**
 * What came of a {@link PolicyMicroBatch}; whoever gets it closes it.
 *
 * @param loss its share of the step's loss
 * @param metrics what TRL logs of it, under its names; NaN where there was nothing
 * @param logProbs of the target tokens, completion after completion; taken before anything was
 *     learnt from them
 * @param gradient of all parameters; of size 0 where it is zero or was not asked for
 */
public record PolicyGradient(
    double loss, Map<String, Double> metrics, float[] logProbs, FlatVector gradient)
    implements Serializable, AutoCloseable {

  /** Frees the gradient. */
  @Override
  public void close() {
    gradient.close();
  }
}
