package org.sparklora.text.jinja.value;

import java.util.Locale;

/** A template that cannot be parsed, fails while it renders, or exceeds its limits. */
public final class JinjaException extends RuntimeException {
  private static final int NO_LINE = 0;

  private static final long serialVersionUID = 1;

  private final int line;
  private final boolean raisedByTemplate;

  /** An error found while a template is parsed. */
  public JinjaException(int line, String format, Object... arguments) {
    this(
        arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments),
        line,
        false);
  }

  /** An error of rendering: the expression or statement that fails adds its line. */
  public JinjaException(String format, Object... arguments) {
    this(NO_LINE, format, arguments);
  }

  private JinjaException(String message, int line, boolean raisedByTemplate) {
    super(message);
    this.line = line;
    this.raisedByTemplate = raisedByTemplate;
  }

  /** The error that {@code raise_exception} throws. */
  static JinjaException raised(String message) {
    return new JinjaException(message, NO_LINE, true);
  }

  /** This error with a line, if it has none yet. */
  public JinjaException at(int newLine) {
    return line == NO_LINE ? new JinjaException(getMessage(), newLine, raisedByTemplate) : this;
  }

  /** The line of the template, from 1; 0 if unknown. */
  public int line() {
    return line;
  }

  /** Whether the template itself called {@code raise_exception}: its message is about the data. */
  public boolean raisedByTemplate() {
    return raisedByTemplate;
  }
}
