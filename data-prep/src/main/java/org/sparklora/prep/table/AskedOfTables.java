package org.sparklora.prep.table;

import java.util.Optional;
import java.util.concurrent.Callable;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.RootCause;

/** Turns Spark's error about a table, filter or expression into one line. */
final class AskedOfTables {
  private AskedOfTables() {}

  /**
   * The result of {@code question}; if it fails, {@link ConfigException} with the first line of
   * Spark's error and, unless {@link TableFormat#remedy} knows the error, {@code remedy}.
   */
  static <T> T of(Flag<?> flag, String value, String remedy, Callable<T> question) {
    try {
      return question.call();
    } catch (ConfigException e) {
      throw e;
    } catch (Exception e) { // Scala's exceptions are not declared
      String problem = firstLine(e);
      Optional<String> missing =
          TableFormat.remedy(problem).map("what reads it is missing: add "::concat);
      throw new ConfigException(flag, value, problem + "; " + missing.orElse(remedy));
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
