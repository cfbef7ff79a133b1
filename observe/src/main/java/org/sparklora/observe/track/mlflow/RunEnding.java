package org.sparklora.observe.track.mlflow;

import java.util.Optional;
import org.sparklora.observe.track.sink.Alert;
import org.sparklora.observe.track.sink.TrackedRow;

/** How a run ended according to its log, as MLflow's run status. */
enum RunEnding {
  /** All steps were taken. */
  FINISHED,
  /** An error stopped the run. */
  FAILED,
  /** The run was interrupted, killed or stopped with steps left, and can be resumed. */
  KILLED;

  /** The metric, named by transformers, that only the last row of a complete run has. */
  private static final String SUMMARY = "train_runtime";

  static RunEnding of(Optional<TrackedRow> last) {
    if (last.isEmpty()) {
      return KILLED;
    }
    if (last.get().metrics().containsKey(SUMMARY)) {
      return FINISHED;
    }
    return last.get().alerts().stream().anyMatch(alert -> alert.level() == Alert.Level.ERROR)
        ? FAILED
        : KILLED;
  }
}
