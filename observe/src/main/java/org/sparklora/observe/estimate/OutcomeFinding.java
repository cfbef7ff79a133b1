package org.sparklora.observe.estimate;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.observe.estimate.Finding.Severity;

/** The finding on the information that a completed run learned. */
public final class OutcomeFinding {
  private OutcomeFinding() {}

  /**
   * @param history rows of {@code trainer_state.json}
   */
  public static Finding of(PlannedRun run, List<Map<String, Object>> history) {
    Figures figures = new Figures("absorbed");
    Optional<AbsorbedBits> bits =
        run.data().flatMap(data -> AbsorbedBits.of(history, data.targetTokens()));
    if (bits.isEmpty()) {
      return figures.variant("unknown").finding(Severity.UNKNOWN, "unknown");
    }
    AbsorbedBits measured = bits.get();
    figures
        .value("absorbed_bits", measured.absorbed())
        .value("description_bits", measured.description())
        .value("target_tokens", measured.tokens())
        .word("bits_per_token", measured.description() / Math.max(1, measured.tokens()));
    if (measured.absorbed() <= 0) {
      return figures.finding(Severity.NOTE, "nothing");
    }
    run.adapter()
        .ifPresent(
            adapter ->
                figures.word("share", 100 * (measured.absorbed() / Capacity.bits(adapter.size()))));
    return figures.finding(Severity.OK, run.adapter().isPresent() ? "share" : "all_weights");
  }
}
