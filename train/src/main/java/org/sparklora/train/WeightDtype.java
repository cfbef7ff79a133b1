package org.sparklora.train;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.tensor.DType;

/** TRL's {@code dtype}: the type of the base model's weights in memory. */
public enum WeightDtype {
  FLOAT32,
  BFLOAT16,
  /** The type that the checkpoint's {@code config.json} names. */
  AUTO;

  /** The type for one model: float16 becomes float32, since no engine computes in float16. */
  public DType of(DecoderConfig config) {
    boolean bfloat16 = this == BFLOAT16 || this == AUTO && config.dtype().equals("bfloat16");
    return bfloat16 ? DType.BFLOAT16 : DType.FLOAT32;
  }
}
