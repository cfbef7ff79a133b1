package org.sparklora.spark.run;

import java.util.function.Supplier;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.config.InvalidSetting;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.WeightDtype;

/**
 * The base model.
 *
 * @param reference {@code model_name_or_path}
 * @param gradientCheckpointing {@code gradient_checkpointing}
 * @param dialect {@code tokenizer_dialect}
 * @param engine {@code engine}, {@code full_determinism}
 */
public record ModelConfig(
    ModelReference reference,
    Numbers numbers,
    boolean gradientCheckpointing,
    TokenizerDialect dialect,
    EngineChoice engine) {

  /**
   * The types of numbers.
   *
   * @param weights {@code dtype}
   * @param products {@code bf16}: the type of the operands of matrix products
   * @param quantization {@code load_in_4bit}, {@code use_bnb_nested_quant}
   */
  public record Numbers(WeightDtype weights, DType products, Quantization quantization) {}

  /** Another model, with these settings. */
  public ModelConfig of(ModelReference other) {
    return new ModelConfig(other, numbers, gradientCheckpointing, dialect, engine);
  }

  /** The model's name as the user wrote it. */
  public String name() {
    return reference.name();
  }

  public static ModelConfig of(Settings settings) {
    return new ModelConfig(
        ModelReference.of(settings),
        new Numbers(
            settings.get(Flags.DTYPE, WeightDtype.class),
            settings.find(Flags.BF16).orElse(false) ? DType.BFLOAT16 : DType.FLOAT32,
            quantization(settings)),
        settings.get(Flags.GRADIENT_CHECKPOINTING),
        settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class),
        engine(settings));
  }

  public static EngineChoice engine(Settings settings) {
    return checked(
        () ->
            EngineChoice.of(
                settings.find(Flags.ENGINE), settings.find(Flags.FULL_DETERMINISM).orElse(false)));
  }

  /**
   * A record of the module {@code model}, made of a user's settings.
   *
   * @throws ConfigException in place of the record's {@link InvalidSetting}, so that the message
   *     names the place of the setting
   */
  public static <T> T checked(Supplier<T> record) {
    try {
      return record.get();
    } catch (InvalidSetting e) {
      throw new ConfigException(e.key(), e.value(), e.remedy());
    }
  }

  /** How a user's settings quantise the base. */
  public static Quantization quantization(Settings settings) {
    return Quantization.of(
        settings.find(Flags.LOAD_IN_4BIT).orElse(false),
        settings.find(Flags.USE_BNB_NESTED_QUANT).orElse(false));
  }

  /** The number types for a model; {@code dtype} may take them from its config. */
  public Precision precision(DecoderConfig model) {
    return new Precision(numbers.weights.of(model), numbers.products, numbers.quantization);
  }
}
