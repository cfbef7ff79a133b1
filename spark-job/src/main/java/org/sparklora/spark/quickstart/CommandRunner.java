package org.sparklora.spark.quickstart;

import java.util.List;
import java.util.stream.Stream;

/** Runs commands with arguments as a user would type them. */
@FunctionalInterface
public interface CommandRunner {

  /** Runs a command; rethrows its exception. */
  void run(String... arguments) throws Exception;

  /** Runs a command with further arguments. */
  default void run(List<String> arguments, String... more) throws Exception {
    run(Stream.concat(arguments.stream(), Stream.of(more)).toArray(String[]::new));
  }
}
