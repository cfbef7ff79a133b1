package org.sparklora.spark.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/** The command line, for tests of other packages. */
public final class CommandRun {
  private CommandRun() {}

  /** Runs a command and returns its exit code. */
  public static int of(String... arguments) {
    return Main.run(arguments);
  }

  /** Runs the command of these words and more, and returns its exit code. */
  public static int of(List<String> words, String... more) {
    return Main.run(Stream.concat(words.stream(), Stream.of(more)).toArray(String[]::new));
  }

  /** Runs the command of a line, read as {@link #words} does, and returns its exit code. */
  public static int line(String text, Object... values) {
    return of(words(text, values));
  }

  /** The words of a text; {@code %s} in a word becomes the next value, whatever blanks that has. */
  public static List<String> words(String text, Object... values) {
    Iterator<Object> next = List.of(values).iterator();
    return Stream.of(text.strip().split("\\s+"))
        .map(word -> word.contains("%s") ? word.formatted(next.next()) : word)
        .toList();
  }

  /** Runs a command on two task slots of this JVM and returns its exit code. */
  public static int ofLocal(String command, List<String> arguments) {
    return of(List.of(command, "--master", "local[2]"), arguments.toArray(String[]::new));
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
