package org.sparklora.api;

import org.apache.hadoop.fs.FSError;
import org.apache.spark.SparkException;
import org.apache.spark.api.python.PythonException;
import org.sparklora.hub.PlainText;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.workers.FailedPart;
import org.sparklora.text.json.UnsupportedModelException;
import org.sparklora.train.NonFiniteLossException;

/** Turns an exception into the one line that a user is shown. Stateless and thread-safe. */
public final class Failure {
  /** Spark's message of a job whose reason is on later lines, as with excludeOnFailure. */
  private static final String ABORTED = "Job aborted due to stage failure: \n";

  private Failure() {}

  /**
   * The first exception in the chain that is meant for users, which Spark may have wrapped; else
   * the failure, or the cause of a mere wrapper.
   */
  public static Throwable causeToShow(Throwable failure) {
    for (Throwable cause : RootCause.chain(failure)) {
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

  /**
   * Whether the user's settings are to blame, so that another attempt would end in the same way.
   */
  public static boolean isOfSettings(Throwable failure) {
    Throwable cause = causeToShow(failure);
    return cause instanceof ConfigException setting && !setting.isPassing()
        || cause instanceof UnsupportedModelException;
  }

  public static String message(Throwable failure) {
    Throwable cause = causeToShow(failure);
    if (cause instanceof SparkException) {
      cause = withinTask(cause);
      boolean isOnLaterLine = String.valueOf(cause.getMessage()).startsWith(ABORTED);
      cause = isOnLaterLine ? new FailedPart(cause) : cause;
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
    return PlainText.of(RootCause.firstLine(named, ""));
  }

  /**
   * The innermost cause with a message: a task's failure. The job's own message holds task numbers.
   */
  private static Throwable withinTask(Throwable failure) {
    return RootCause.chain(failure).stream()
        .filter(cause -> cause.getMessage() != null)
        .reduce(failure, (outer, cause) -> cause);
  }

  /** The last line of a Python traceback, which names the exception. */
  private static String lastLine(String traceback) {
    return traceback
        .lines()
        .filter(line -> !line.isBlank())
        .reduce("an unknown error", (before, line) -> line);
  }
}
