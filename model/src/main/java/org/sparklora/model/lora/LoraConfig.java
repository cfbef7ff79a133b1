package org.sparklora.model.lora;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;
import java.util.List;
import org.sparklora.model.checkpoint.Projection;

/**
 * A LoRA adapter: low-rank updates {@code s·B·A} of the targeted linear layers.
 *
 * @param rank R, the rows of A and columns of B ({@code lora_r})
 * @param alpha numerator of the scale s ({@code lora_alpha})
 * @param dropout share of the inputs of A that is dropped in training ({@code lora_dropout})
 * @param rslora whether s is alpha / √rank (Kalajdzievski, 2023) instead of alpha / rank
 * @param targets the linear layers
 * @param ranks PEFT's {@code rank_pattern}: ranks of some layers, of which the first that names a
 *     layer counts
 */
public record LoraConfig(
    int rank, double alpha, double dropout, boolean rslora, LoraTargets targets, List<RankOf> ranks)
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
    ranks = List.copyOf(ranks);
  }

  /** An adapter of one rank. */
  public LoraConfig(int rank, double alpha, double dropout, boolean rslora, LoraTargets targets) {
    this(rank, alpha, dropout, rslora, targets, List.of());
  }

  /**
   * The rank of some layers.
   *
   * @param layers a regular expression for the end of a layer's name, after a dot
   */
  public record RankOf(String layers, int rank) implements Serializable {
    boolean isOf(String module) {
      String ending = "(.*\\.)?(" + layers + ")";
      return LoraTargets.Expression.compile("rank_pattern", ending).matcher(module).matches();
    }
  }

  /** This adapter with a rank of its own for each expert of a mixture. */
  public LoraConfig withExpertRank(int expertRank) {
    List<RankOf> ofExperts =
        List.of(
            new RankOf("experts\\.(\\d+\\.)?(gate|up|down)_proj", expertRank),
            new RankOf(
                "experts\\.gate_up_proj", 2 * expertRank)); // gate and up, as PEFT joins them
    return new LoraConfig(rank, alpha, dropout, rslora, targets, ofExperts);
  }

  /** The rank of the layers of a mixture's experts. */
  public int expertRank() {
    return rank(Projection.DOWN.module(0, 0));
  }

  /** The rank of a linear layer. */
  int rank(String module) {
    return ranks.stream().filter(of -> of.isOf(module)).findFirst().map(RankOf::rank).orElse(rank);
  }

  /** s of a layer of this rank, the factor of {@code x·Aᵀ·Bᵀ}. */
  public double scale(int rankOfLayer) {
    return rslora ? alpha / Math.sqrt(rankOfLayer) : alpha / rankOfLayer;
  }
}
