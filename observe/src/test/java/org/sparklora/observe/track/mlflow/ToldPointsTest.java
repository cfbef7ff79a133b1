package org.sparklora.observe.track.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sparklora.observe.track.sink.TrackedRow;

class ToldPointsTest {
  private static final List<TrackedRow> KEPT = // up to the checkpoint
      rows(List.of(row(10, "12:00:10", "loss"), row(20, "12:00:20", "loss")));
  private static final long BEGUN = KEPT.get(0).time().toEpochMilli();

  @Test
  void aMetricThatTheCheckpointDoesNotKnowIsSentOnce() {
    List<TrackedRow> lost =
        rows(List.of(row(25, "12:00:25", "loss"), row(25, "12:00:26", "eval_loss")));
    ToldPoints told = ToldPoints.of(places(KEPT, lost), KEPT, BEGUN);

    assertThat(told.isAhead()).isTrue();
    List<TrackedRow> again =
        rows(List.of(row(25, "13:00:25", "loss"), row(25, "13:00:26", "eval_loss")));
    for (TrackedRow row : again) {
      assertThat(told.untold(MlflowPoint.of(row))).isEmpty();
    }
    assertThat(told.isAhead()).isFalse();
    TrackedRow next = rows(List.of(row(30, "13:00:30", "eval_loss"))).get(0);
    assertThat(told.untold(MlflowPoint.of(next))).hasSize(1);
  }

  @Test
  void metricsOfOtherNamesAloneDoNotPutTheServerAhead() {
    List<TrackedRow> others = rows(List.of(row(25, "12:00:25", "somebody_elses")));

    assertThat(ToldPoints.of(places(KEPT, others), KEPT, BEGUN).isAhead()).isFalse();
  }

  /** MLflow reads a name as a path and refuses one that is not normalised. */
  @Test
  void namesAreNormalisedPaths() {
    assertThat(
            List.of("loss/data/train/", "s3a://b/x/", "./a", "/abs/dir/", "data/.", "a/../b", "."))
        .extracting(MlflowPoint::key)
        .containsExactly("loss/data/train", "s3a:/b/x", "a", "abs/dir", "data", "a/b", "_");
    assertThat(MlflowPoint.key("a".repeat(249) + "/b")).isEqualTo("a".repeat(249));
  }

  private static Map<String, Object> row(int step, String time, String metric) {
    return Map.of("step", step, "timestamp", "2026-01-02T" + time + "Z", metric, 0.5);
  }

  private static List<TrackedRow> rows(List<Map<String, Object>> lines) {
    return new TrackedRow.Reader().read(lines);
  }

  private static Set<MlflowPoint.Place> places(List<TrackedRow> some, List<TrackedRow> others) {
    Set<MlflowPoint.Place> places = new HashSet<>();
    some.forEach(row -> MlflowPoint.of(row).forEach(point -> places.add(point.place())));
    others.forEach(row -> MlflowPoint.of(row).forEach(point -> places.add(point.place())));
    return places;
  }
}
