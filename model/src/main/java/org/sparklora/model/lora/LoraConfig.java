package org.sparklora.model.lora;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;

/**
 * A LoRA adapter: low-rank updates {@code s·B·A} of the targeted linear layers.
 *
 * @param rank R, the rows of A and columns of B ({@code lora_r})
 * @param alpha numerator of the scale s ({@code lora_alpha})
 * @param dropout share of the inputs of A that is dropped in training ({@code lora_dropout})
 * @param rslora whether s is alpha / √rank (Kalajdzievski, 2023) instead of alpha / rank
 * @param targets the linear layers
 */
public record LoraConfig(
    int rank, double alpha, double dropout, boolean rslora, LoraTargets targets)
    implements Serializable {

  public LoraConfig {
    require(
        rank >= 1,
        "lora_r",
        rank,
        "a LoRA rank must be at least 1; to train nothing, leave the adapter out");
    require(
        alpha > 0 && alpha <= Float.MAX_VALUE, // the scale is a float
        "lora_alpha",
        alpha,
        "alpha scales the update by alpha / rank and must be positive; 32 is the usual choice");
    require(
        dropout >= 0 && dropout < 1,
        "lora_dropout",
        dropout,
        "it is the share of inputs that is dropped, at least 0 and below 1");
  }

  /** s, the factor of {@code x·Aᵀ·Bᵀ}. */
  public double scale() {
    return rslora ? alpha / Math.sqrt(rank) : alpha / rank;
  }
}
