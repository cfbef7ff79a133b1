package org.sparklora.spark.train;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.DType;

/** TRL's {@code dtype}: how the base model's weights are kept in memory. */
public enum WeightDtype {
  FLOAT32,
  BFLOAT16,
  /** What the checkpoint's {@code config.json} names. */
  AUTO;

  /** For one model: float16 becomes float32, since nothing computes with it. */
  public DType of(DecoderConfig config) {
    boolean bfloat16 = this == BFLOAT16 || this == AUTO && config.dtype().equals("bfloat16");
    return bfloat16 ? DType.BFLOAT16 : DType.FLOAT32;
  }
}
