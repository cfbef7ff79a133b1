package org.sparklora.prep.table;

import java.util.concurrent.Callable;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.RootCause;

/** Turns Spark's error about a table, filter or expression into one line. */
final class AskedOfTables {
  private AskedOfTables() {}

  /**
   * Calls {@code question} and returns its result.
   *
   * @param flag the setting that the user gave {@code value} for
   * @param remedy advice for an error that {@link TableFormat#remedy} does not know
   * @throws ConfigException with the first line of Spark's error, if the call fails
   */
  static <T> T of(Flag<?> flag, String value, String remedy, Callable<T> question) {
    try {
      return question.call();
    } catch (ConfigException e) {
      throw e;
    } catch (Exception e) { // Scala's exceptions are not declared
      String problem = firstLine(e);
      throw new ConfigException(
          flag,
          value,
          "%s; %s"
              .formatted(
                  problem,
                  TableFormat.remedy(problem)
                      .map(artifact -> "what reads it is missing: add " + artifact)
                      .orElse(remedy)));
    }
  }

  /** The first line of the innermost cause. */
  static String firstLine(Throwable problem) {
    Throwable cause = RootCause.of(problem);
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return RootCause.firstLine(message.strip(), cause.getClass().getSimpleName())
        .strip()
        .replaceAll("[.;]( line \\d+ pos \\d+;?)?$", "");
  }
}
