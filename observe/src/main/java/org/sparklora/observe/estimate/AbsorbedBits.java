package org.sparklora.observe.estimate;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.observe.estimate.Finding.Severity;

/**
 * The information that a run learned in its first epoch, from the log. A token of loss ℓ nats costs
 * ℓ / ln 2 bits, so the first epoch's losses add up to an upper bound of the data's description
 * length (blog), and their differences from the first loss add up to the absorbed information:
 *
 * <pre>
 * description = Σ ℓ(t) · tokens(t) / ln 2
 * absorbed    = Σ (ℓ(first) − ℓ(t)) · tokens(t) / ln 2
 * </pre>
 *
 * over the log rows t of epoch 1, each with its share of the epoch's target tokens. Later epochs
 * repeat the data and add no information.
 *
 * @param absorbed bits; negative if the loss rose
 * @param description bits
 * @param tokens target tokens that the log covers
 */
public record AbsorbedBits(double absorbed, double description, double tokens) {
  private static final double NATS_PER_BIT = Math.log(2);

  /**
   * @param history rows of {@code trainer_state.json}
   * @param targetTokens of one epoch
   * @return empty if no row has a loss
   */
  public static Optional<AbsorbedBits> of(List<Map<String, Object>> history, long targetTokens) {
    List<Map<String, Object>> rows =
        history.stream().filter(row -> row.containsKey("loss")).toList();
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    double first = number(rows.get(0), "loss");
    double from = 0;
    double absorbed = 0;
    double description = 0;
    for (Map<String, Object> row : rows) {
      double to = Math.min(1, number(row, "epoch"));
      double tokens = (to - from) * targetTokens;
      absorbed += (first - number(row, "loss")) * tokens / NATS_PER_BIT;
      description += number(row, "loss") * tokens / NATS_PER_BIT;
      from = to;
    }
    return Optional.of(new AbsorbedBits(absorbed, description, from * targetTokens));
  }

  private static double number(Map<String, Object> row, String key) {
    return ((Number) row.get(key)).doubleValue();
  }

  /** The finding on a completed run, from the rows of {@code trainer_state.json}. */
  public static Finding finding(PlannedRun run, List<Map<String, Object>> history) {
    Figures figures = new Figures("absorbed");
    Optional<AbsorbedBits> bits = run.data().flatMap(data -> of(history, data.targetTokens()));
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
