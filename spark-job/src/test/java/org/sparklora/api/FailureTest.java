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
