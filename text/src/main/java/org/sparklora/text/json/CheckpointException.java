package org.sparklora.text.json;

import java.util.Locale;

/**
 * A file of a checkpoint or adapter folder is damaged, missing, or of a kind that is not supported.
 */
public class CheckpointException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** The message is {@code format}, filled in by {@link String#format} if there are arguments. */
  public CheckpointException(String format, Object... arguments) {
    this(null, format, arguments);
  }

  public CheckpointException(Throwable cause, String format, Object... arguments) {
    super(arguments.length == 0 ? format : String.format(Locale.ROOT, format, arguments), cause);
  }
}
