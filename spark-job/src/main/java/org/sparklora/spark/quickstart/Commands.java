package org.sparklora.spark.quickstart;

/** The command line, as this package uses it: arguments as a user would type them. */
@FunctionalInterface
public interface Commands {

  /** Runs a command; fails as it fails. */
  void run(String... arguments) throws Exception;
}
