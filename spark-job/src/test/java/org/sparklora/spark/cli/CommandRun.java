package org.sparklora.spark.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The command line, for tests of other packages. */
public final class CommandRun {
  private CommandRun() {}

  /** Runs a command and returns its exit code. */
  public static int of(String... arguments) {
    return Main.run(arguments);
  }

  /** Runs a command that fails and returns what it says on standard error. */
  public static String errorOf(String... arguments) {
    PrintStream real = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      if (Main.run(arguments) == 0) {
        throw new AssertionError("It should have failed: " + String.join(" ", arguments));
      }
    } finally {
      System.setErr(real);
    }
    return said.toString(StandardCharsets.UTF_8);
  }
}
