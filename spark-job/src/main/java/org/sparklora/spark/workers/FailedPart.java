package org.sparklora.spark.workers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.RootCause;

/** Thrown when a part of the work failed at each of Spark's attempts. Its message is one line. */
public final class FailedPart extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** The first line of the scheduler's message, before the stack trace. */
  private static final Pattern OF_SPARK =
      Pattern.compile("failed (\\d+) times.*? \\((\\S+) executor (\\S+)\\): (?:\\w+\\.)*(.*)");

  private static final String FULL_DISK = "No space left on device";

  /**
   * @param cause the failure of a Spark job
   */
  FailedPart(Throwable cause) {
    super(message(RootCause.firstLine(cause)), cause);
  }

  private static String message(String ofSpark) {
    Matcher matcher = OF_SPARK.matcher(ofSpark);
    if (!matcher.find()) {
      return "A part of the work failed: " + ofSpark;
    }
    String reason = matcher.group(4);
    return "A part of the work failed on executor %s (%s) at attempt %s: %s%s"
        .formatted(
            matcher.group(3),
            matcher.group(2),
            matcher.group(1),
            reason,
            reason.contains(FULL_DISK)
                ? "; free its machine's spark.local.dir, or start again without that machine"
                : "");
  }
}
