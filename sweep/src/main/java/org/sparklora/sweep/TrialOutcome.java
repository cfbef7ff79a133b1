package org.sparklora.sweep;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The outcome of a trial: {@code trial.json}, which is written last.
 *
 * @param reason why the trial diverged; else empty
 * @param step the last step taken; of a trial that diverged, the last rung that it reached, or 0
 * @param seconds duration of training and evaluations
 * @param trainedParameters number of trained parameters; 0 if the trial diverged
 * @param log rows of the trial's log: finite numbers by name
 */
public record TrialOutcome(
    String trial,
    Map<String, String> values,
    State state,
    String reason,
    int step,
    double seconds,
    long trainedParameters,
    List<Map<String, Double>> log)
    implements Serializable {
  public static final String STEP = "step";

  /** The step of a run that is not stopped before its end. */
  public static final int END = Integer.MAX_VALUE;

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  public enum State {
    /** The trial took all of its steps. */
    DONE,
    /** The trial stopped after a rung, with a checkpoint to resume from. */
    STOPPED,
    /** A loss or gradient was not finite, or sampler and learner drifted apart. */
    DIVERGED;

    /** {@code done}, {@code stopped}, {@code diverged}. */
    public String words() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** The finite numbers of log rows. */
  public static List<Map<String, Double>> numbers(List<Map<String, Object>> rows) {
    List<Map<String, Double>> numbers = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      Map<String, Double> kept = new LinkedHashMap<>();
      row.forEach(
          (name, value) -> {
            if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
              kept.put(name, number.doubleValue());
            }
          });
      numbers.add(kept);
    }
    return numbers;
  }

  /** Whether the trial needs no more training to be compared at a step. */
  public boolean reaches(int wanted) {
    return state != State.STOPPED || step >= wanted;
  }

  /** The values of a metric up to a step; NaN for an evaluation whose value was not finite. */
  public double[] values(String metric, int upTo) {
    String always = metric.startsWith("eval_") ? "eval_runtime" : metric;
    return log.stream()
        .filter(row -> row.containsKey(metric) || row.containsKey(always))
        .filter(row -> row.getOrDefault(STEP, 0.0) <= upTo)
        .mapToDouble(row -> row.getOrDefault(metric, Double.NaN))
        .toArray();
  }

  /** The trial's metric up to a step; NaN without values or if the trial diverged before it. */
  public double metric(SweepMetric metric, int upTo) {
    return state == State.DIVERGED && step < upTo
        ? Double.NaN
        : metric.of(values(metric.name(), upTo));
  }

  String toJson() throws IOException {
    return JSON.writeValueAsString(this) + "\n";
  }

  static TrialOutcome parse(String json) throws IOException {
    return JSON.readValue(json, new TypeReference<TrialOutcome>() {});
  }
}
