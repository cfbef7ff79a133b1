package org.sparklora.sweep.finding;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.sweep.Trial;

/**
 * "Attention-only LoRA underperforms, and applying it to all layers is no better than to the
 * feed-forward layers" (blog): the difference in cost of attention minus feed-forward, and of
 * feed-forward minus all, each at its best rate.
 */
final class LayersFinding {
  private static final Set<String> ATTENTION = Set.of("q_proj", "k_proj", "v_proj", "o_proj");
  private static final Set<String> FEED_FORWARD = Set.of("gate_proj", "up_proj", "down_proj");
  private static final String ALL = "all-linear";

  /** A smaller difference, as a share of the metric, is negligible for the choice of layers. */
  private static final double NEGLIGIBLE_SHARE = 0.02;

  private LayersFinding() {}

  private enum Kind {
    ATTENTION_ONLY,
    FEED_FORWARD_ONLY,
    ALL_LAYERS,
    OTHER;

    static Kind of(Trial trial) {
      if (!trial.isAdapter()) {
        return OTHER;
      }
      Set<String> names =
          Set.copyOf(trial.settings().find(Flags.LORA_TARGET_MODULES).orElse(List.of()));
      boolean all = names.contains(ALL);
      boolean attention = all || names.stream().anyMatch(ATTENTION::contains);
      boolean feedForward = all || names.stream().anyMatch(FEED_FORWARD::contains);
      if (attention && feedForward) {
        return ALL_LAYERS;
      }
      return attention ? ATTENTION_ONLY : feedForward ? FEED_FORWARD_ONLY : OTHER;
    }

    String words() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  static Findings of(Study study) {
    RateCurves all = RateCurves.of(study);
    double margin = NEGLIGIBLE_SHARE * Math.abs(all.leastCost(all.measured(), ""));
    return Findings.of(
        study,
        List.of(
            difference(
                all,
                Kind.ATTENTION_ONLY,
                Kind.FEED_FORWARD_ONLY,
                "above 0",
                0,
                Double.POSITIVE_INFINITY),
            difference(all, Kind.FEED_FORWARD_ONLY, Kind.ALL_LAYERS, "0", -margin, margin)),
        List.of(all.figure("Which layers are adapted")),
        Map.of("optima", all.optima()));
  }

  private static FindingRule difference(
      RateCurves all, Kind worse, Kind better, String blog, double from, double to) {
    RateCurves first = all.where(trial -> Kind.of(trial) == worse);
    RateCurves second = all.where(trial -> Kind.of(trial) == better);
    String metric = all.metric().name();
    return new FindingRule(
        "%s, %s minus %s at best rates"
            .formatted(
                all.metric().isSmallerBetter() ? metric : "lack of " + metric,
                worse.words(),
                better.words()),
        blog,
        from,
        to,
        FindingRule.unless(
                !first.curves().isEmpty() && !second.curves().isEmpty(),
                "there are no trials of one of them")
            .or(first::obstacle)
            .or(second::obstacle),
        draw -> first.leastCost(draw, worse.words()) - second.leastCost(draw, better.words()));
  }
}
