package org.sparklora.spark.cli;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What commands print during a test, in place of the terminal. */
final class Captured implements BeforeEachCallback, AfterEachCallback {
  private final PrintStream terminal;
  private final Consumer<PrintStream> redirect;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private Captured(PrintStream terminal, Consumer<PrintStream> redirect) {
    this.terminal = terminal;
    this.redirect = redirect;
  }

  static Captured err() {
    return new Captured(System.err, System::setErr);
  }

  static Captured out() {
    return new Captured(System.out, System::setOut);
  }

  /** All of it so far. */
  String text() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  /** Forgets it. */
  void clear() {
    printed.reset();
  }

  @Override
  public void beforeEach(ExtensionContext test) {
    redirect.accept(new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  @Override
  public void afterEach(ExtensionContext test) {
    redirect.accept(terminal);
  }
}
