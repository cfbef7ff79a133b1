package org.sparklora.observe.track.mlflow;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * The values of a run that a server already has, so that each step of a metric is sent once. A
 * value is recognised by its step and time. A value whose step and time are in no row was sent by a
 * killed attempt and equals the value that the resumed run will compute: for each such value one
 * later value of the step is not sent. Not thread-safe.
 */
final class ToldPoints {
  /** Step and metric of a value, without its time. */
  private record StepOfMetric(String key, long step) {
    static StepOfMetric of(MlflowPoint.Place place) {
      return new StepOfMetric(place.key(), place.step());
    }
  }

  private final Set<MlflowPoint.Place> there;
  private final Map<StepOfMetric, Integer> ahead = new HashMap<>();
  private final Set<String> own = new HashSet<>(); // metrics of the log's rows

  private ToldPoints(Set<MlflowPoint.Place> there) {
    this.there = Set.copyOf(there);
  }

  /** The points of a log that has sent nothing to the server; values of other logs do not count. */
  static ToldPoints none() {
    return new ToldPoints(Set.of());
  }

  /**
   * The points of a log that has sent values to the server.
   *
   * @param there steps and times of the server's values
   * @param rows rows of the log, possibly cut back to a checkpoint
   * @param since milliseconds since 1970 of the log's start; earlier values are of another log
   */
  static ToldPoints of(Set<MlflowPoint.Place> there, List<TrackedRow> rows, long since) {
    ToldPoints told = new ToldPoints(there);
    Set<MlflowPoint.Place> kept = new HashSet<>();
    rows.forEach(row -> MlflowPoint.of(row).forEach(point -> kept.add(point.place())));
    kept.forEach(place -> told.own.add(place.key()));
    there.stream()
        .filter(place -> !kept.contains(place) && place.timestampMillis() >= since)
        .forEach(place -> told.ahead.merge(StepOfMetric.of(place), 1, Integer::sum));
    return told;
  }

  /** The points that the server does not have yet. */
  List<MlflowPoint> untold(List<MlflowPoint> points) {
    List<MlflowPoint> untold = new ArrayList<>();
    for (MlflowPoint point : points) {
      if (!there.contains(point.place()) && !isAhead(StepOfMetric.of(point.place()))) {
        untold.add(point);
      }
    }
    return untold;
  }

  /** Whether a killed attempt sent a value of the step; each such value counts once. */
  private boolean isAhead(StepOfMetric step) {
    int more = ahead.getOrDefault(step, 0);
    ahead.computeIfPresent(step, (key, count) -> count > 1 ? count - 1 : null);
    return more > 0;
  }

  /**
   * Whether the server has values of a killed attempt that the run has not repeated yet. Metrics of
   * other names may be somebody else's.
   */
  boolean isAhead() {
    return ahead.keySet().stream().anyMatch(step -> own.isEmpty() || own.contains(step.key()));
  }
}
