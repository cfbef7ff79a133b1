package org.sparklora.spark.track;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One row of {@code metrics.jsonl} as trackers take it.
 *
 * @param step optimizer steps when it was logged
 * @param ordinal how many rows of that step come before it
 * @param time when it was logged
 * @param metrics its numbers, by name
 * @param completions a table of some, by column; empty for none
 * @param alerts what was raised by it
 */
public record TrackedRow(
    int step,
    int ordinal,
    Instant time,
    Map<String, Number> metrics,
    List<Map<?, ?>> completions,
    List<Alert> alerts) {
  static final String STEP = "step";
  static final String TIMESTAMP = "timestamp";
  static final String RUN_ID = "run_id";
  static final String ALERTS = "alerts";

  /** Its numbers under the names that Trackio and TensorBoard show. */
  Map<String, Number> shown() {
    Map<String, Number> shown = new LinkedHashMap<>();
    metrics.forEach((name, value) -> shown.put(MetricNames.shown(name), value));
    return shown;
  }

  /** Tells the same row of a run from all others, also when it is told twice. */
  String key(String runId) {
    return runId + ":" + step + (ordinal == 0 ? "" : ":" + ordinal);
  }

  /** The rows of a log, one after the other. Not thread-safe. */
  public static final class Reader {
    private final Map<Integer, Integer> rowsOfStep = new HashMap<>();
    private Instant last = Instant.now();

    public List<TrackedRow> read(List<Map<String, Object>> lines) {
      return new ArrayList<>(lines.stream().map(this::read).toList());
    }

    TrackedRow read(Map<String, ?> line) {
      int step = line.get(STEP) instanceof Number number ? number.intValue() : 0;
      last = time(line).orElse(last);
      return new TrackedRow(
          step,
          rowsOfStep.merge(step, 1, Integer::sum) - 1,
          last,
          metrics(line),
          completions(line),
          alerts(line));
    }

    /** Rows that a checkpoint brought along from another folder have none. */
    private static Optional<Instant> time(Map<String, ?> line) {
      try {
        return Optional.ofNullable(line.get(TIMESTAMP))
            .map(time -> OffsetDateTime.parse(time.toString()).toInstant());
      } catch (DateTimeException e) {
        return Optional.empty();
      }
    }

    private static Map<String, Number> metrics(Map<String, ?> line) {
      Map<String, Number> metrics = new LinkedHashMap<>();
      line.forEach(
          (name, value) -> {
            if (value instanceof Number number && !name.equals(STEP)) {
              metrics.put(name, number);
            }
          });
      return metrics;
    }

    private static List<Map<?, ?>> completions(Map<String, ?> line) {
      return line.get(TrackedLog.COMPLETIONS) instanceof List<?> rows
          ? rows.stream().<Map<?, ?>>map(row -> (Map<?, ?>) row).toList()
          : List.of();
    }

    private static List<Alert> alerts(Map<String, ?> line) {
      return line.get(ALERTS) instanceof List<?> all
          ? all.stream().map(alert -> Alert.ofJson((Map<?, ?>) alert)).toList()
          : List.of();
    }
  }
}
