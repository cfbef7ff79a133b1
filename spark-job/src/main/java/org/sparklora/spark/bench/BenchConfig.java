package org.sparklora.spark.bench;

import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.train.WeightDtype;

/**
 * The settings of {@code bench}.
 *
 * @param model {@code model}
 * @param precision {@code dtype}, {@code bf16} and {@code load_in_4bit}
 * @param ranks {@code ranks}: LoRA ranks of training steps; empty for no training
 * @param tokens {@code max_length}: tokens of a step's row
 * @param documentTokens {@code document_length}
 * @param steps {@code steps}: timed steps, after the warm-up
 * @param gradientCheckpointing {@code gradient_checkpointing}
 * @param rows {@code batch_rows}: completions decoded together; empty for no decoding
 * @param promptTokens {@code prompt_length}
 * @param newTokens {@code max_completion_length}
 * @param peakTflops {@code peak_tflops}
 */
record BenchConfig(
    String model,
    Precision precision,
    List<Integer> ranks,
    int tokens,
    int documentTokens,
    int steps,
    boolean gradientCheckpointing,
    List<Integer> rows,
    int promptTokens,
    int newTokens,
    Optional<Double> peakTflops) {

  static BenchConfig of(Settings settings) {
    ConfigException.require(
        settings.get(Flags.RANDOM_WEIGHTS),
        Flags.RANDOM_WEIGHTS,
        false,
        "bench knows shapes alone; say --random_weights");
    int tokens = settings.get(Flags.MAX_LENGTH);
    ConfigException.require(
        tokens > 0,
        Flags.MAX_LENGTH,
        "none",
        "a step trains on a row of so many tokens; 4096 is the default");
    String model = settings.get(Flags.MODEL);
    DType products = settings.find(Flags.BF16).orElse(false) ? DType.BFLOAT16 : DType.FLOAT32;
    return new BenchConfig(
        model,
        new Precision(
            settings.get(Flags.DTYPE, WeightDtype.class).of(ModelShapes.find(model)),
            products,
            ModelConfig.quantization(settings)),
        positive(settings, Flags.RANKS, List.of(1, 16, 256)),
        tokens,
        settings.get(Flags.DOCUMENT_LENGTH),
        settings.get(Flags.STEPS),
        settings.get(Flags.GRADIENT_CHECKPOINTING),
        positive(settings, Flags.BATCH_ROWS, List.of(1, 8, 64, 256)),
        settings.get(Flags.PROMPT_LENGTH),
        settings.get(Flags.MAX_COMPLETION_LENGTH),
        settings.find(Flags.PEAK_TFLOPS));
  }

  /** The positive numbers of a list flag, so that 0 gives an empty list; {@code usual} if unset. */
  private static List<Integer> positive(
      Settings settings, Flag<List<Integer>> flag, List<Integer> usual) {
    return settings.find(flag).filter(given -> !given.isEmpty()).orElse(usual).stream()
        .filter(number -> number > 0)
        .toList();
  }
}
