package org.sparklora.train;

import java.io.Serializable;
import java.util.Map;
import org.sparklora.model.engine.Engine;
import org.sparklora.train.vector.FlatVector;

/**
 * The result of a {@link PolicyMicroBatch}; the receiver closes it.
 *
 * @param loss the micro-batch's share of the step's loss
 * @param metrics TRL's metrics of the micro-batch, under TRL's names; NaN without a measurement
 * @param logProbs log-probabilities of the target tokens before the update, completion after
 *     completion
 * @param gradient of all parameters; of size 0 if it is zero or was not computed
 */
public record PolicyGradient(
    double loss, Map<String, Double> metrics, float[] logProbs, FlatVector gradient)
    implements Serializable, AutoCloseable {

  /** Adds the gradient to a step's, on an engine, and frees it. */
  public void addTo(FlatVector sum, Engine engine) {
    try (gradient) {
      if (gradient.size() > 0) {
        gradient.addTo(sum, engine);
      }
    }
  }

  @Override
  public void close() {
    gradient.close();
  }
}
