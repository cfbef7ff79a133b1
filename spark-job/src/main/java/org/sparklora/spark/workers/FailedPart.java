package org.sparklora.spark.workers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A part of the work failed on executors as often as Spark tries. Its message is one line. */
public final class FailedPart extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** As Spark's scheduler says it, before the trace. */
  private static final Pattern OF_SPARK =
      Pattern.compile("failed (\\d+) times.*? \\((\\S+) executor (\\S+)\\): (?:\\w+\\.)*(.*)");

  private static final String FULL_DISK = "No space left on device";

  /**
   * @param cause of which a job of Spark's failed
   */
  FailedPart(Throwable cause) {
    super(message(String.valueOf(cause.getMessage())), cause);
  }

  private static String message(String ofSpark) {
    String first = ofSpark.lines().findFirst().orElse("");
    Matcher matcher = OF_SPARK.matcher(first);
    if (!matcher.find()) {
      return "A part of the work failed: " + first;
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
