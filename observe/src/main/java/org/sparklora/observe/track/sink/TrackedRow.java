package org.sparklora.observe.track.sink;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One row of {@code metrics.jsonl}, for trackers.
 *
 * @param step number of optimizer steps at the time of logging
 * @param ordinal number of earlier rows of the step
 * @param metrics numbers of the row, by name
 * @param completions table of some completions, as maps by column; empty for none
 */
public record TrackedRow(
    int step,
    int ordinal,
    Instant time,
    Map<String, Number> metrics,
    List<Map<?, ?>> completions,
    List<Alert> alerts) {
  public static final String STEP = "step";
  public static final String TIMESTAMP = "timestamp";
  public static final String RUN_ID = "run_id";
  public static final String ALERTS = "alerts";

  /** Key of a table in a row: some completions, as a list of maps from column to value. */
  public static final String COMPLETIONS = "completions";

  /** Writes times as Python's {@code datetime.isoformat} writes UTC. */
  public static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSxxx", Locale.ROOT)
          .withZone(ZoneOffset.UTC);

  /** The metrics under the names that Trackio and TensorBoard show. */
  public Map<String, Number> shown() {
    Map<String, Number> shown = new LinkedHashMap<>();
    metrics.forEach((name, value) -> shown.put(shown(name), value));
    return shown;
  }

  /**
   * A metric's name as transformers' {@code rewrite_logs} changes it: {@code eval_loss} → {@code
   * eval/loss}, {@code loss} → {@code train/loss}.
   */
  private static String shown(String logged) {
    String shown = logged.replaceFirst("^(eval|test)_", "$1/");
    return shown.equals(logged) ? "train/" + logged : shown;
  }

  /** The key of this row; equal only for the same row of the same run. */
  public String key(String runId) {
    return runId + ":" + step + (ordinal == 0 ? "" : ":" + ordinal);
  }

  /** Reads the rows of a log in order. Not thread-safe. */
  public static final class Reader {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Map<Integer, Integer> rowsOfStep = new HashMap<>();
    private Instant last = Instant.now();

    public List<TrackedRow> read(List<Map<String, Object>> lines) {
      return lines.stream().map(this::read).toList();
    }

    public TrackedRow read(Map<String, ?> line) {
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

    /** The time of a row; empty for rows of a checkpoint of another folder. */
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
      return line.get(COMPLETIONS) instanceof List<?> rows
          ? rows.stream().<Map<?, ?>>map(row -> (Map<?, ?>) row).toList()
          : List.of();
    }

    private static List<Alert> alerts(Map<String, ?> line) {
      return line.get(ALERTS) instanceof List<?> all
          ? all.stream().map(alert -> JSON.convertValue(alert, Alert.class)).toList()
          : List.of();
    }
  }
}
