package org.sparklora.observe.verify;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.train.meter.MachineMetrics;

/**
 * The logged metrics of a run, for comparison with later runs. Format version 1:
 *
 * <pre>
 * {"format": 1,
 *  "settings": {"learning_rate": 0.001, …},
 *  "metrics": {"loss": {"absolute": 1e-06, "relative": 0.02, "points": [[1, 8.69], [2, 9.08]]}, …}}
 * </pre>
 *
 * A point is a step and a value, null where the log has null. The tolerances may be edited. Times
 * and memory are not recorded.
 *
 * @param settings settings of the recorded run, to explain differences
 * @param curves metrics by their names in the log
 */
public record Baseline(Map<String, Object> settings, Map<String, Curve> curves) {
  private static final int FORMAT = 1;
  private static final String STEP = "step";

  /** Settings that do not affect the metrics, such as paths and names. */
  private static final Set<String> PLACES =
      Stream.of(
              Flags.OUTPUT_DIR,
              Flags.PACKED_DIR,
              Flags.PROMPTS_DIR,
              Flags.STAGING_DIR,
              Flags.RUN_NAME,
              Flags.PROJECT,
              Flags.REPORT_TO,
              Flags.OVERWRITE_OUTPUT_DIR,
              Flags.RESUME_FROM_CHECKPOINT,
              Flags.DISABLE_TQDM,
              Flags.DEBUG_ERRORS)
          .map(Flag::name)
          .collect(Collectors.toSet());

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The values of a metric over the run. */
  record Curve(@JsonUnwrapped Tolerance tolerance, List<Point> points) {}

  /** The value of a metric at a step; empty if the log has null. */
  record Point(int step, Optional<Double> value) {
    @JsonValue
    List<Object> pair() {
      return Arrays.asList(step, value.orElse(null));
    }
  }

  /** The baseline of a log's rows, with default tolerances. */
  public static Baseline of(Map<String, Object> settings, List<Map<String, Object>> rows) {
    Map<String, List<Point>> points = new TreeMap<>();
    for (Map<String, Object> row : rows) {
      if (!(row.get(STEP) instanceof Number step)) {
        continue;
      }
      row.forEach(
          (name, value) -> {
            boolean isRecorded = !name.equals(STEP) && !MachineMetrics.contain(name);
            if (isRecorded && (value == null || value instanceof Number)) {
              points
                  .computeIfAbsent(name, n -> new ArrayList<>())
                  .add(
                      new Point(
                          step.intValue(),
                          Optional.ofNullable((Number) value).map(Number::doubleValue)));
            }
          });
    }
    Map<String, Curve> curves = new TreeMap<>();
    points.forEach((name, curve) -> curves.put(name, new Curve(Tolerance.usual(name), curve)));
    Map<String, Object> kept = new LinkedHashMap<>(settings);
    kept.keySet().removeAll(PLACES);
    return new Baseline(kept, curves);
  }

  public String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("format", FORMAT);
    root.put("settings", settings);
    root.put("metrics", curves);
    return JSON.valueToTree(root).toPrettyString() + "\n";
  }

  /**
   * The baseline that {@link #toJson} wrote.
   *
   * @param file for messages
   * @throws ConfigException if the text is not a baseline
   */
  public static Baseline parse(String json, String file) {
    JsonNode root;
    try {
      root = JSON.readTree(json);
    } catch (JsonProcessingException e) {
      throw unreadable(file, "it is not JSON: " + e.getOriginalMessage());
    }
    if (root.path("format").asInt() != FORMAT || !root.path("metrics").isObject()) {
      throw unreadable(file, "it is no baseline of format " + FORMAT);
    }
    Map<String, Object> settings = new LinkedHashMap<>();
    root.path("settings")
        .fields()
        .forEachRemaining(
            entry ->
                settings.put(entry.getKey(), JSON.convertValue(entry.getValue(), Object.class)));
    Map<String, Curve> curves = new TreeMap<>();
    root.get("metrics")
        .fields()
        .forEachRemaining(
            entry -> curves.put(entry.getKey(), curve(entry.getKey(), entry.getValue(), file)));
    return new Baseline(settings, curves);
  }

  private static Curve curve(String name, JsonNode metric, String file) {
    List<Point> points = new ArrayList<>();
    if (!metric.path("absolute").isNumber()
        || !metric.path("relative").isNumber()
        || !metric.path("points").isArray()) {
      throw unreadable(file, "metric %s needs absolute, relative and points".formatted(name));
    }
    for (JsonNode point : metric.get("points")) {
      if (point.size() != 2
          || !point.get(0).isInt()
          || !(point.get(1).isNumber() || point.get(1).isNull())) {
        throw unreadable(file, "%s of metric %s is no [step, value]".formatted(point, name));
      }
      points.add(
          new Point(
              point.get(0).asInt(),
              point.get(1).isNull() ? Optional.empty() : Optional.of(point.get(1).asDouble())));
    }
    return new Curve(
        new Tolerance(metric.get("absolute").asDouble(), metric.get("relative").asDouble()),
        points);
  }

  private static ConfigException unreadable(String file, String remedy) {
    return new ConfigException(
        Flags.BASELINE,
        file,
        remedy + "; record one with verify-run RUN --baseline FILE --write_baseline");
  }
}
