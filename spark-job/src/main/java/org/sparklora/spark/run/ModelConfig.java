package org.sparklora.spark.run;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.text.TokenizerDialect;

/**
 * The base model.
 *
 * @param reference {@code model_name_or_path}
 * @param numbers {@code dtype}, {@code bf16}, {@code load_in_4bit}
 * @param gradientCheckpointing {@code gradient_checkpointing}
 * @param dialect {@code tokenizer_dialect}
 * @param engine {@code engine}, {@code full_determinism}
 */
public record ModelConfig(
    ModelReference reference,
    NumberTypes numbers,
    boolean gradientCheckpointing,
    TokenizerDialect dialect,
    EngineChoice engine) {

  /** Another model, with these settings. */
  public ModelConfig of(ModelReference other) {
    return new ModelConfig(other, numbers, gradientCheckpointing, dialect, engine);
  }

  /** The model's name as the user wrote it. */
  public String name() {
    return reference.name();
  }

  /** The record of a user's settings. */
  public static ModelConfig of(Settings settings) {
    return new ModelConfig(
        ModelReference.of(settings),
        NumberTypes.of(settings),
        settings.get(Flags.GRADIENT_CHECKPOINTING),
        settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class),
        engine(settings));
  }

  /** The engine of a user's settings. */
  public static EngineChoice engine(Settings settings) {
    return ModelSettings.of(
        () ->
            EngineChoice.of(
                settings.find(Flags.ENGINE), settings.find(Flags.FULL_DETERMINISM).orElse(false)));
  }

  /** The number types for a model; {@code dtype} may take them from its config. */
  public Precision precision(DecoderConfig model) {
    return numbers.of(model);
  }
}
