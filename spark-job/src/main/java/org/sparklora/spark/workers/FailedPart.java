package org.sparklora.spark.workers;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.RootCause;

/** Thrown when a part of the work failed at each of Spark's attempts. Its message is one line. */
public final class FailedPart extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /** The last attempt's line of the scheduler's message, before the stack trace. */
  private static final Pattern OF_SPARK =
      Pattern.compile(
          "Lost task \\d+\\.(\\d+) in .*? \\((\\S+) executor (\\S+)\\): (?:\\w+\\.)*(.*)");

  private static final String FULL_DISK = "No space left on device";

  /** Thrown for the failure of a Spark job. */
  public FailedPart(Throwable cause) {
    super(message(String.valueOf(cause.getMessage())), cause);
  }

  private static String message(String ofSpark) {
    Matcher matcher = OF_SPARK.matcher(ofSpark);
    if (!matcher.find()) {
      String joined = ofSpark.replaceFirst(":\\s*\n", ": "); // a reason may be on the second line
      return "A part of the work failed: " + RootCause.firstLine(joined, "");
    }
    String reason = matcher.group(4);
    return "A part of the work failed on executor %s (%s) at attempt %s: %s%s"
        .formatted(
            matcher.group(3),
            matcher.group(2),
            Integer.parseInt(matcher.group(1)) + 1,
            reason,
            reason.contains(FULL_DISK)
                ? "; free its machine's spark.local.dir, or start again without that machine"
                : "");
  }
}
