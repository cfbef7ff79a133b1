package org.sparklora.model.lora;

import static org.sparklora.model.config.InvalidSetting.require;

import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.lora.AdapterLayout.Factors;

/**
 * The targeted layers of mixtures of experts. PEFT joins the factors of a block's experts when it
 * loads an adapter; adapters whose factors it cannot join are refused.
 *
 * @param factors of the targeted layers, by module name
 */
record ExpertTargets(LoraConfig config, DecoderConfig model, Map<String, Factors> factors) {
  private static final String JOINED =
      " if experts or routers have adapters: PEFT cannot load others";

  void check() {
    boolean any = false;
    for (int layer = 0; layer < model.numHiddenLayers(); layer++) {
      if (model.layers().get(layer).experts().isPresent()) {
        any |= factors.containsKey(WeightNames.router(layer));
        any |= areAlike(layer, EnumSet.of(Projection.GATE, Projection.UP));
        any |= areAlike(layer, EnumSet.of(Projection.DOWN));
      }
    }
    require(!any || config.dropout() == 0, "lora_dropout", config.dropout(), "must be 0" + JOINED);
    require(!any || !config.rslora(), "use_rslora", true, "must be false" + JOINED);
    boolean named = config.ranks().stream().anyMatch(rank -> rank.layers().contains("experts"));
    require(
        model.experts().isPresent() || !named,
        "lora_rank_per_expert",
        config.expertRank(),
        "the model has no experts; leave it out");
  }

  /** Whether the experts of a block have adapters; refuses those that PEFT cannot join. */
  private boolean areAlike(int layer, Set<Projection> joined) {
    int experts = model.layers().get(layer).experts().orElseThrow().count();
    Set<Integer> ranks = // 0 without an adapter
        joined.stream()
            .flatMap(p -> IntStream.range(0, experts).mapToObj(e -> p.module(layer, e)))
            .map(module -> factors.containsKey(module) ? factors.get(module).rank() : 0)
            .collect(Collectors.toSet());
    require(
        ranks.size() == 1,
        "lora_target_modules",
        config.targets().include(),
        "PEFT joins the experts of a block, and gate_proj with up_proj: give all of these adapters of one rank, or none");
    return !ranks.contains(0);
  }
}
