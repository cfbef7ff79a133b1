package org.sparklora.api;

import org.apache.hadoop.fs.FSError;
import org.apache.spark.SparkException;
import org.apache.spark.api.python.PythonException;
import org.sparklora.hub.PlainText;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.train.NonFiniteLossException;
import org.sparklora.text.json.UnsupportedModelException;

/** What of a failure a user is shown: one line. Stateless and thread-safe. */
public final class Failure {
  private Failure() {}

  /**
   * The innermost exception of ours, which Spark may have wrapped several times; else the
   * outermost.
   */
  public static Throwable causeToShow(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConfigException
          || cause instanceof TableException
          || cause instanceof NonFiniteLossException
          || cause instanceof IllegalArgumentException) {
        return cause;
      }
    }
    boolean wrapped = failure instanceof ExceptionInInitializerError || failure instanceof FSError;
    return wrapped && failure.getCause() != null ? failure.getCause() : failure;
  }

  /** Whether the user's settings are to blame. */
  public static boolean isOfSettings(Throwable failure) {
    Throwable cause = causeToShow(failure);
    return cause instanceof ConfigException || cause instanceof UnsupportedModelException;
  }

  /** The line that says it. */
  public static String message(Throwable failure) {
    Throwable cause = causeToShow(failure);
    if (cause instanceof SparkException) {
      cause = withinTask(cause);
    }
    if (cause instanceof PythonException) {
      return "a Python function that Spark ran failed: " + lastLine(cause.getMessage());
    }
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    boolean ours = cause.getClass().getName().startsWith("org.sparklora");
    String named =
        ours || cause instanceof IllegalArgumentException
            ? message
            : cause.getClass().getSimpleName() + ": " + message;
    return PlainText.of(named.lines().findFirst().orElse(named));
  }

  /** What a task failed with, where Spark says so; the job's own words hold numbers of tasks. */
  private static Throwable withinTask(Throwable failure) {
    Throwable innermost = failure;
    for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
      innermost = cause.getMessage() == null ? innermost : cause;
    }
    return innermost;
  }

  /** Of a Python traceback: the exception. */
  private static String lastLine(String traceback) {
    return traceback
        .lines()
        .filter(line -> !line.isBlank())
        .reduce("an unknown error", (before, line) -> line);
  }
}
