package org.sparklora.spark.quickstart;

/** Runs commands with arguments as a user would type them. */
@FunctionalInterface
public interface CommandRunner {

  /** Runs a command; rethrows its exception. */
  void run(String... arguments) throws Exception;
}
