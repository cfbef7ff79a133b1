package org.sparklora.observe.estimate;

import java.util.EnumSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.Finding.Severity;

/**
 * The finding on the linear layers with adapters. At equal numbers of parameters adapters on
 * attention alone learn less than adapters on feed-forward layers alone, which learn as much as
 * adapters on all layers (blog).
 */
final class LayerFinding {
  private static final Set<Projection> FEED_FORWARD =
      EnumSet.of(Projection.GATE, Projection.UP, Projection.DOWN);

  private LayerFinding() {}

  static Finding of(PlannedRun run) {
    if (run.adapter().isEmpty()) {
      return new Figures("layers")
          .variant("all_weights")
          .value("adapted_linear_layers", 0)
          .finding(Severity.OK, "all_weights");
    }
    AdapterLayout adapter = run.adapter().get();
    Set<Projection> everywhere = EnumSet.noneOf(Projection.class);
    Set<Projection> somewhere = EnumSet.noneOf(Projection.class);
    for (Projection projection : Projection.values()) {
      long layers = layersWith(adapter, run.model(), projection);
      if (layers > 0) {
        somewhere.add(projection);
      }
      if (layers == run.model().numHiddenLayers()) {
        everywhere.add(projection);
      }
    }
    boolean head = adapter.factors(WeightNames.HEAD_MODULE).isPresent();
    return new Figures("layers")
        .value("adapted_linear_layers", adapter.modules().size())
        .word("layers", names(everywhere, somewhere, head))
        .finding(verdict(everywhere, somewhere), advice(everywhere, somewhere, head));
  }

  private static long layersWith(
      AdapterLayout adapter, DecoderConfig model, Projection projection) {
    long layers = 0;
    for (int layer = 0; layer < model.numHiddenLayers(); layer++) {
      layers += adapter.factors(projection.first(model, layer)).isPresent() ? 1 : 0;
    }
    return layers;
  }

  private static String names(Set<Projection> everywhere, Set<Projection> somewhere, boolean head) {
    String names =
        somewhere.stream()
            .map(projection -> projection.module(0))
            .map(module -> module.substring(module.lastIndexOf('.') + 1))
            .collect(Collectors.joining(" "));
    String all = everywhere.size() == Projection.values().length ? "all-linear" : names;
    return (all + (head ? " lm_head" : "")).strip();
  }

  private static Severity verdict(Set<Projection> everywhere, Set<Projection> somewhere) {
    if (everywhere.containsAll(FEED_FORWARD)) {
      return Severity.OK;
    }
    return somewhere.stream().anyMatch(FEED_FORWARD::contains) ? Severity.NOTE : Severity.REGRET;
  }

  private static String advice(
      Set<Projection> everywhere, Set<Projection> somewhere, boolean head) {
    return switch (verdict(everywhere, somewhere)) {
      case OK ->
          everywhere.size() < Projection.values().length
              ? "feed_forward"
              : head ? "all_and_head" : "all";
      case NOTE -> "some_feed_forward";
      default -> "attention";
    };
  }
}
