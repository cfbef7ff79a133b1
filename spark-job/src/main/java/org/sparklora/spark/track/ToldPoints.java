package org.sparklora.spark.track;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which values of a run a server has already, so that each step of a metric is told once. A value
 * is known again by its step and time. One of a step and a time that no row has was told by an
 * attempt that was killed, and stands for the value that the run computes once more: as many values
 * of that step are left out. Not thread-safe.
 */
final class ToldPoints {
  /** A value of a step, whenever it was logged. */
  private record StepOfMetric(String key, long step) {
    static StepOfMetric of(MlflowPoint.Place place) {
      return new StepOfMetric(place.key(), place.step());
    }
  }

  private final Set<MlflowPoint.Place> there;
  private final Map<StepOfMetric, Integer> ahead = new HashMap<>();

  private ToldPoints(Set<MlflowPoint.Place> there) {
    this.there = Set.copyOf(there);
  }

  /** Of a server that this log has told nothing; what others have told is none of it. */
  static ToldPoints none() {
    return new ToldPoints(Set.of());
  }

  /**
   * Of a server that this log has told.
   *
   * @param there where the run has values
   * @param rows the log's, which may have been cut back since
   */
  static ToldPoints of(Set<MlflowPoint.Place> there, List<TrackedRow> rows) {
    ToldPoints told = new ToldPoints(there);
    Set<MlflowPoint.Place> kept = new HashSet<>();
    Set<String> keys = new HashSet<>();
    rows.forEach(row -> MlflowPoint.of(row).forEach(point -> kept.add(point.place())));
    kept.forEach(place -> keys.add(place.key()));
    long begun = rows.isEmpty() ? Long.MIN_VALUE : rows.get(0).time().toEpochMilli();
    // what was there before the log began, and metrics of other names, others have told
    there.stream()
        .filter(place -> !kept.contains(place) && place.timestampMillis() >= begun)
        .filter(place -> rows.isEmpty() || keys.contains(place.key()))
        .forEach(place -> told.ahead.merge(StepOfMetric.of(place), 1, Integer::sum));
    return told;
  }

  /** Those of a log's next points that the server does not have. */
  List<MlflowPoint> untold(List<MlflowPoint> points) {
    List<MlflowPoint> untold = new ArrayList<>();
    for (MlflowPoint point : points) {
      if (!there.contains(point.place()) && !isAhead(StepOfMetric.of(point.place()))) {
        untold.add(point);
      }
    }
    return untold;
  }

  /** Whether the server had a value more of the step; it counts for one. */
  private boolean isAhead(StepOfMetric step) {
    int more = ahead.getOrDefault(step, 0);
    ahead.computeIfPresent(step, (key, count) -> count > 1 ? count - 1 : null);
    return more > 0;
  }

  /** Whether it has values for which no point has come yet. */
  boolean isAhead() {
    return !ahead.isEmpty();
  }
}
