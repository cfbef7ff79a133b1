package org.sparklora.spark.track;

import java.util.List;

/** How a run ended, as its log tells it, in MLflow's words. */
enum RunEnding {
  /** All steps were taken. */
  FINISHED,
  /** An error has stopped it. */
  FAILED,
  /** It was interrupted or killed, or has stopped with steps left, and can go on. */
  KILLED;

  /** What the last row of a run that took all its steps has: transformers' name. */
  private static final String SUMMARY = "train_runtime";

  static RunEnding of(List<TrackedRow> rows) {
    if (rows.isEmpty()) {
      return KILLED;
    }
    TrackedRow last = rows.get(rows.size() - 1);
    if (last.metrics().containsKey(SUMMARY)) {
      return FINISHED;
    }
    return last.alerts().stream().anyMatch(alert -> alert.level() == Alert.Level.ERROR)
        ? FAILED
        : KILLED;
  }
}
