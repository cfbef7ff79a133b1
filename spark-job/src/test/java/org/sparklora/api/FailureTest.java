package org.sparklora.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import org.apache.spark.SparkException;
import org.apache.spark.api.python.PythonException;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Which line of a failure is shown. */
class FailureTest {
  private static SparkException job(Throwable cause) {
    return new SparkException(
        "Job aborted due to stage failure: Task 0 in stage 68.0 failed 1 times", cause);
  }

  @Test
  void ofAJobThatFailedWhatItsTaskMet() {
    SparkException writing =
        new SparkException("[TASK_WRITE_FAILED] Task failed", new IOException("no room\nat x"));
    assertThat(Failure.message(job(writing))).isEqualTo("IOException: no room");
  }

  @Test
  void ofAPythonFunctionTheLastLineOfItsTraceback() {
    String traceback =
        "Traceback (most recent call last):\n  File \"f.py\", line 1\nZeroDivisionError: division by zero\n";
    assertThat(Failure.message(job(new PythonException(traceback, null))))
        .isEqualTo("a Python function that Spark ran failed: ZeroDivisionError: division by zero");
  }

  /** Spark's message when excludeOnFailure leaves a task no executor; it has no cause. */
  @Test
  void ofAJobThatSparkAbortedTheReasonOnALaterLine() {
    String excluded =
        """
        Job aborted due to stage failure:\s
        Aborting TaskSet 16.0 because task 2 (partition 2)
        cannot run anywhere due to node and executor excludeOnFailure.
        Most recent failure:
        Lost task 2.1 in stage 16.0 (TID 2580) (10.0.0.3 executor 57): java.io.IOException: no room
        \tat org.acme.Rows.read(Rows.java:7)
        """;
    assertThat(Failure.message(new SparkException(excluded)))
        .isEqualTo(
            "A part of the work failed on executor 57 (10.0.0.3) at attempt 2: IOException: no room");
  }

  @Test
  void aCauseWithoutWordsIsPassedOver() {
    assertThat(Failure.message(job(new SparkException("worker gone", new EOFException()))))
        .isEqualTo("SparkException: worker gone");
  }

  @Test
  void oursGoesBeforeAll() {
    ConfigException ours = new ConfigException("seed", "x", "a number is expected");
    assertThat(Failure.message(job(ours))).isEqualTo(ours.getMessage());
    assertThat(Failure.isOfSettings(job(ours))).isTrue();
  }

  @Test
  void aSettingThatMayBeUsedLaterIsNoMistake() {
    ConfigException held = ConfigException.passing(Flags.OUTPUT_DIR, "out", "wait");
    assertThat(Failure.message(job(held))).isEqualTo("Cannot use output_dir = out: wait");
    assertThat(Failure.isOfSettings(job(held.in("run.yaml")))).isFalse();
  }
}
