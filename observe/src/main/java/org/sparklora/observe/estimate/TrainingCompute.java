package org.sparklora.observe.estimate;

import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The compute of training an adapter, relative to full fine-tuning of the same model: multiply-adds
 * of the linear layers, without attention, and without lm_head unless it has an adapter.
 *
 * <p>Full fine-tuning multiplies three times by each weight matrix of {@code in·out} elements:
 * forward, towards the input, towards the weight. An adapter saves the third and multiplies three
 * times by each of A and B (Schulman et al., LoRA Without Regret, 2025: {@code 2N² + 6NR} against
 * {@code 3N²}). Summed over layers of any shape that is {@code 2/3 + R·Σ(in + out)/Σ(in·out)}; the
 * blog's "two thirds" holds if R is much smaller than N.
 */
public final class TrainingCompute {
  private static final double FROZEN_SHARE = 2.0 / 3;

  /** With each forward computed twice: 3 of 4 products of the frozen weights remain. */
  private static final double FROZEN_SHARE_RECOMPUTING = 3.0 / 4;

  private TrainingCompute() {}

  /** The ratio if all activations are kept for backward. */
  public static double relativeToFullFineTuning(AdapterLayout adapter, DecoderConfig model) {
    return FROZEN_SHARE + adapterShare(adapter, model);
  }

  /** The ratio if both use gradient checkpointing: {@code 3N² + 8NR} against {@code 4N²}. */
  public static double relativeToFullFineTuningRecomputing(
      AdapterLayout adapter, DecoderConfig model) {
    return FROZEN_SHARE_RECOMPUTING + adapterShare(adapter, model);
  }

  /** The term of A and B; lm_head counts as a linear layer only with an adapter. */
  private static double adapterShare(AdapterLayout adapter, DecoderConfig model) {
    double weights = model.activeElements();
    if (adapter.factors(WeightNames.HEAD_MODULE).isPresent()) {
      weights += (double) model.vocabSize() * model.hiddenSize();
    }
    return adapter.activeSize(model) / weights; // of R·Σ(in + out) parameters in all
  }
}
