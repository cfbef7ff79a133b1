package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.engine.tensor.Tensor;

/** A parameter, and its gradient of the same shape, to which backward adds; empty if frozen. */
public record Weight(Tensor value, Optional<Tensor> gradient) {

  /** A frozen parameter. */
  public static Weight frozen(Tensor value) {
    return new Weight(value, Optional.empty());
  }
}
