package org.sparklora.spark.run;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.WeightDtype;

/**
 * The base model.
 *
 * @param reference {@code model_name_or_path}
 * @param dtype {@code dtype}
 * @param gradientCheckpointing {@code gradient_checkpointing}
 * @param dialect {@code tokenizer_dialect}
 * @param products the type of the operands of matrix products: bfloat16 with {@code bf16}
 * @param engine {@code engine}, {@code full_determinism}
 */
public record ModelConfig(
    ModelReference reference,
    WeightDtype dtype,
    boolean gradientCheckpointing,
    TokenizerDialect dialect,
    DType products,
    EngineChoice engine) {

  /** Another model, with these settings. */
  public ModelConfig of(ModelReference other) {
    return new ModelConfig(other, dtype, gradientCheckpointing, dialect, products, engine);
  }

  /** The model's name as the user wrote it. */
  public String name() {
    return reference.name();
  }

  /** The record of a user's settings. */
  public static ModelConfig of(Settings settings) {
    return new ModelConfig(
        ModelReference.of(settings),
        settings.get(Flags.DTYPE, WeightDtype.class),
        settings.get(Flags.GRADIENT_CHECKPOINTING),
        settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class),
        products(settings),
        engine(settings));
  }

  /** The engine of a user's settings. */
  public static EngineChoice engine(Settings settings) {
    return ModelSettings.of(
        () ->
            EngineChoice.of(
                settings.find(Flags.ENGINE), settings.find(Flags.FULL_DETERMINISM).orElse(false)));
  }

  /** The type of the operands of matrix products: bfloat16 with {@code bf16}. */
  public static DType products(Settings settings) {
    return settings.find(Flags.BF16).orElse(false) ? DType.BFLOAT16 : DType.FLOAT32;
  }

  /** The number types for a model; {@code dtype} may take them from its config. */
  public Precision precision(DecoderConfig model) {
    return new Precision(dtype.of(model), products);
  }
}
