package org.sparklora.observe.estimate;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.ModelFamily;

/**
 * The learning rate that is advised for a model: {@code 5e-5 · m · (2000 / C)^p}, with C the hidden
 * size, a fit over 14 Llama and Qwen models on Tulu 3 (blog; tinker-cookbook's {@code get_lr}).
 *
 * <p>m is 10 for adapters of any rank, 15 in runs under 100 steps, where B is still near zero, and
 * 1 for full fine-tuning. p is 0.781 for Llama and 0.0775 for Qwen, with experts or without.
 *
 * @param extrapolated whether the fit lacks the model's family, or models of its size in the family
 */
record LearningRate(double advised, boolean extrapolated) {
  /** Runs with fewer steps take the factor of short runs. */
  static final int SHORT_RUN_STEPS = 100;

  private static final double BASE = 5e-5;
  private static final double BASE_HIDDEN_SIZE = 2000;
  private static final double LORA_FACTOR = 10;
  private static final double LORA_FACTOR_OF_SHORT_RUNS = 15;
  private static final double LLAMA_POWER = 0.781;
  private static final double QWEN_POWER = 0.0775;

  /** Hidden sizes of Llama-3.2-1B and of Llama-3.1-70B. */
  private static final int SMALLEST_LLAMA = 2048;

  private static final int LARGEST_LLAMA = 8192;

  /** Hidden sizes of Qwen3-0.6B and of Qwen3-32B. */
  private static final int SMALLEST_QWEN = 1024;

  private static final int LARGEST_QWEN = 5120;

  /** The advised rate for an adapter, which a short run changes, or for full fine-tuning. */
  static LearningRate of(DecoderConfig model, boolean adapter, boolean shortRun) {
    double factor = !adapter ? 1 : shortRun ? LORA_FACTOR_OF_SHORT_RUNS : LORA_FACTOR;
    boolean dense = model.family() == ModelFamily.QWEN2 || model.family() == ModelFamily.QWEN3;
    boolean qwen = dense || model.family() == ModelFamily.QWEN3_MOE;
    boolean llama = model.family() == ModelFamily.LLAMA;
    int hidden = model.hiddenSize();
    double advised =
        BASE * factor * Math.pow(BASE_HIDDEN_SIZE / hidden, qwen ? QWEN_POWER : LLAMA_POWER);
    boolean inFit =
        dense && hidden >= SMALLEST_QWEN && hidden <= LARGEST_QWEN
            || llama && hidden >= SMALLEST_LLAMA && hidden <= LARGEST_LLAMA;
    return new LearningRate(advised, !inFit);
  }
}
