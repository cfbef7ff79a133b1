package org.sparklora.prep.table;

import java.util.concurrent.Callable;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;

/** What Spark says of a table, a filter or an expression that it cannot use, in one line. */
final class AskedOfTables {
  private AskedOfTables() {}

  /**
   * What the question is answered with.
   *
   * @param flag the setting that is asked about
   * @param remedy what to do where Spark does not say
   * @throws ConfigException with Spark's first line if it has no answer
   */
  static <T> T of(Flag<?> flag, String value, String remedy, Callable<T> question) {
    try {
      return question.call();
    } catch (ConfigException e) {
      throw e;
    } catch (Exception e) { // Scala's are not declared
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
    Throwable cause = problem;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    String message = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return message
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .findFirst()
        .map(line -> line.replaceAll("[.;]( line \\d+ pos \\d+;?)?$", ""))
        .orElse(cause.getClass().getSimpleName());
  }
}
