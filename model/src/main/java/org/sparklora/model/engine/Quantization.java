package org.sparklora.model.engine;

import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/** How the matrices of a frozen base's linear layers are quantised, except heads and experts. */
public enum Quantization {
  /** Not at all. */
  NONE,
  /** Matrices are {@link Nf4Tensor}s. */
  NF4,
  /** Matrices are {@link Nf4Tensor}s whose scales are quantised, too. */
  NESTED_NF4;

  /** The quantisation of TRL's {@code load_in_4bit} and {@code use_bnb_nested_quant}. */
  public static Quantization of(boolean fourBits, boolean nested) {
    if (!fourBits) {
      return NONE;
    }
    return nested ? NESTED_NF4 : NF4;
  }

  /** Quantises a matrix, not with {@link #NONE}; elements read as rounded to {@code values}. */
  public Nf4Tensor of(Tensor w, DType values) {
    return Nf4Tensor.of(w, values, this == NESTED_NF4);
  }
}
