package org.sparklora.observe.track;

import java.util.Map;

/** Renames metrics for trackers, as transformers' {@code rewrite_logs} does. */
final class MetricNames {
  private static final Map<String, String> PREFIXES = Map.of("eval_", "eval/", "test_", "test/");

  private MetricNames() {}

  /** {@code eval_loss} → {@code eval/loss}, {@code loss} → {@code train/loss}. */
  static String shown(String logged) {
    return PREFIXES.entrySet().stream()
        .filter(prefix -> logged.startsWith(prefix.getKey()))
        .map(prefix -> prefix.getValue() + logged.substring(prefix.getKey().length()))
        .findFirst()
        .orElse("train/" + logged);
  }
}
