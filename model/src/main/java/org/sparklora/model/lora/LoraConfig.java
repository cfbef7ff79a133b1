package org.sparklora.model.lora;

import static org.sparklora.model.config.InvalidSetting.require;

import java.io.Serializable;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.Projection;

/**
 * A LoRA adapter: low-rank updates {@code s·B·A} of the targeted linear layers.
 *
 * @param rank R, the rows of A and columns of B ({@code lora_r})
 * @param alpha numerator of the scale s ({@code lora_alpha})
 * @param dropout share of the inputs of A that is dropped in training ({@code lora_dropout})
 * @param rslora whether s is alpha / √rank (Kalajdzievski, 2023) instead of alpha / rank
 * @param targets the linear layers
 * @param patterns other ranks and alphas of some layers
 */
public record LoraConfig(
    int rank, double alpha, double dropout, boolean rslora, LoraTargets targets, Patterns patterns)
    implements Serializable {
  public LoraConfig {
    require(
        rank >= 1,
        "lora_r",
        rank,
        "a LoRA rank must be at least 1; to train nothing, leave the adapter out");
    requireAlpha("lora_alpha", alpha, alpha);
    require(
        dropout >= 0 && dropout < 1,
        "lora_dropout",
        dropout,
        "it is the share of inputs that is dropped, at least 0 and below 1");
  }

  /** An adapter of one rank and one alpha. */
  public LoraConfig(int rank, double alpha, double dropout, boolean rslora, LoraTargets targets) {
    this(rank, alpha, dropout, rslora, targets, new Patterns(Map.of(), Map.of()));
  }

  private static void requireAlpha(String flag, double alpha, Object value) {
    require(
        alpha > 0 && alpha <= Float.MAX_VALUE, // the scale is a float
        flag,
        value,
        "alpha scales the update by alpha / rank and must be positive; 32 is the usual choice");
  }

  /**
   * Ranks and alphas of some layers, by regular expressions for the end of a layer's name, after a
   * dot. The first one that matches a layer counts.
   *
   * @param ranks PEFT's {@code rank_pattern}
   * @param alphas PEFT's {@code alpha_pattern}
   */
  public record Patterns(Map<String, Integer> ranks, Map<String, Double> alphas)
      implements Serializable {
    public Patterns {
      ranks = Collections.unmodifiableMap(new LinkedHashMap<>(ranks));
      alphas = Collections.unmodifiableMap(new LinkedHashMap<>(alphas));
      alphas.forEach((layers, of) -> requireAlpha("lora_alpha_pattern", of, layers + ": " + of));
    }

    /** Warns of expressions that match no layer with an adapter, as PEFT does. */
    void warnOfUnmatched(Set<String> modules) {
      String key = "rank_pattern or alpha_pattern";
      Stream.concat(ranks.keySet().stream(), alphas.keySet().stream())
          .filter(of -> modules.stream().noneMatch(m -> first(key, Map.of(of, true), m, false)))
          .filter(of -> !of.endsWith("gate_up_proj")) // PEFT's name of joined experts
          .forEach(of -> LoraTargets.LOG.warn("No adapted layer matches {} of {}", of, key));
    }

    private static <T> T first(String key, Map<String, T> patterns, String module, T usual) {
      for (Map.Entry<String, T> of : patterns.entrySet()) {
        String ending = "(.*\\.)?(" + of.getKey() + ")";
        if (LoraTargets.Expression.compile(key, ending).matcher(module).matches()) {
          return of.getValue();
        }
      }
      return usual;
    }
  }

  /** This adapter with a rank of its own for each expert of a mixture. */
  public LoraConfig withExpertRank(int expertRank) {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    ranks.put("experts\\.(\\d+\\.)?(gate|up|down)_proj", expertRank);
    ranks.put("experts\\.gate_up_proj", 2 * expertRank); // gate and up, as PEFT joins them
    patterns.ranks.forEach(ranks::putIfAbsent);
    return new LoraConfig(
        rank, alpha, dropout, rslora, targets, new Patterns(ranks, patterns.alphas));
  }

  /** The rank of the layers of a mixture's experts. */
  public int expertRank() {
    return rank(Projection.DOWN.module(0, 0));
  }

  int rank(String module) {
    return Patterns.first("rank_pattern", patterns.ranks, module, rank);
  }

  /** s of a linear layer, the factor of {@code x·Aᵀ·Bᵀ}. */
  double scale(String module) {
    double ofLayer = Patterns.first("alpha_pattern", patterns.alphas, module, alpha);
    return ofLayer / (rslora ? Math.sqrt(rank(module)) : rank(module));
  }
}
