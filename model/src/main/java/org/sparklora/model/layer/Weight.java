package org.sparklora.model.layer;

import java.util.Optional;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A parameter of a layer.
 *
 * @param value the parameter
 * @param gradient the tensor that backward adds to, shaped as value; empty if frozen
 */
public record Weight(Tensor value, Optional<Tensor> gradient) {

  /** A frozen parameter. */
  public static Weight frozen(Tensor value) {
    return new Weight(value, Optional.empty());
  }
}
