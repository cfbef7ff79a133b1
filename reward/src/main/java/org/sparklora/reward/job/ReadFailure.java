package org.sparklora.reward.job;

import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.table.TableException;

/** Recognises failures to read a file, which Spark wraps several times. */
final class ReadFailure {
  private static final Pattern FILE = Pattern.compile("reading file:? (\\S+?)[.,]?(\\s|$)");

  /** The class through which Spark reads all files of tables, also to infer a schema. */
  private static final String SCAN = "org.apache.spark.sql.execution.datasources.FileScanRDD";

  private ReadFailure() {}

  /** The problem and the file; empty for failures of another kind, and for our own. */
  static Optional<String> of(Throwable failure) {
    String file = "";
    boolean reading = false;
    for (Throwable cause : RootCause.chain(failure)) {
      if (cause instanceof ConfigException || cause instanceof TableException) {
        return Optional.empty();
      }
      reading |=
          cause instanceof IOException && isOfScan(cause)
              || cause.getClass().getName().startsWith("org.apache.parquet");
      Matcher named = FILE.matcher(String.valueOf(cause.getMessage()));
      file = file.isEmpty() && named.find() ? named.group(1) + ": " : file;
    }
    Throwable root = RootCause.of(failure);
    return reading || !file.isEmpty()
        ? Optional.of(file + root.getClass().getSimpleName() + " " + RootCause.firstLine(root))
        : Optional.empty();
  }

  /** Whether the exception arose in a scan: tasks that read also write, to spill and shuffle. */
  private static boolean isOfScan(Throwable cause) {
    return Arrays.stream(cause.getStackTrace())
        .anyMatch(frame -> frame.getClassName().startsWith(SCAN));
  }
}
