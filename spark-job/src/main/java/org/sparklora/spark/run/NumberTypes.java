package org.sparklora.spark.run;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.WeightDtype;

/**
 * The types of numbers of a user's settings.
 *
 * @param weights {@code dtype}
 * @param products {@code bf16}: the type of the operands of matrix products
 * @param quantization {@code load_in_4bit}, {@code use_bnb_nested_quant}
 */
public record NumberTypes(WeightDtype weights, DType products, Quantization quantization) {

  /** The record of a user's settings. */
  public static NumberTypes of(Settings settings) {
    return new NumberTypes(
        settings.get(Flags.DTYPE, WeightDtype.class),
        settings.find(Flags.BF16).orElse(false) ? DType.BFLOAT16 : DType.FLOAT32,
        quantization(settings));
  }

  /** How a user's settings quantise the base. */
  public static Quantization quantization(Settings settings) {
    return Quantization.of(
        settings.find(Flags.LOAD_IN_4BIT).orElse(false),
        settings.find(Flags.USE_BNB_NESTED_QUANT).orElse(false));
  }

  /** The number types for a model; {@code dtype} may take them from its config. */
  public Precision of(DecoderConfig model) {
    return new Precision(weights.of(model), products, quantization);
  }
}
