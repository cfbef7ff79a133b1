package org.sparklora.observe.estimate;

import static org.sparklora.observe.estimate.Figures.count;
import static org.sparklora.observe.estimate.Figures.format;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.observe.estimate.Finding.Severity;

/** The finding on the information that a completed run learned. */
public final class OutcomeFinding {
  private static final String NAME = "absorbed";
  private static final List<Source> SOURCES = List.of(Source.LOG, Source.BLOG);

  private OutcomeFinding() {}

  /**
   * @param history rows of {@code trainer_state.json}
   */
  public static Finding of(PlannedRun run, List<Map<String, Object>> history) {
    Optional<AbsorbedBits> bits =
        run.data().flatMap(data -> AbsorbedBits.of(history, data.targetTokens()));
    if (bits.isEmpty()) {
      return new Finding(
          NAME,
          "unknown",
          Map.of(),
          Severity.UNKNOWN,
          "no loss was logged: give --logging_strategy steps",
          SOURCES);
    }
    AbsorbedBits measured = bits.get();
    return new Finding(
        NAME,
        format(
            "%s bits in the first epoch; its %s target tokens cost %s bits, %.2f each",
            count(measured.absorbed()),
            count(measured.tokens()),
            count(measured.description()),
            measured.description() / Math.max(1, measured.tokens())),
        Map.of(
            "absorbed_bits",
            measured.absorbed(),
            "description_bits",
            measured.description(),
            "target_tokens",
            measured.tokens()),
        measured.absorbed() > 0 ? Severity.OK : Severity.NOTE,
        advice(run, measured),
        SOURCES);
  }

  private static String advice(PlannedRun run, AbsorbedBits measured) {
    if (measured.absorbed() <= 0) {
      return "the loss did not fall below its first value; look at the learning rate, or log more often";
    }
    return run.adapter()
        .map(adapter -> measured.absorbed() / Capacity.bits(adapter.size()))
        .map(share -> format("%.1f %% of what the adapter can hold", 100 * share))
        .orElse("all weights were trained: capacity is no limit");
  }
}
