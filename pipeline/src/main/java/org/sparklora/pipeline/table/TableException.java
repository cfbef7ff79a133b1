package org.sparklora.pipeline.table;

import org.sparklora.hub.PlainText;

/**
 * A table or data file that cannot be read or written: the message says value, place and remedy.
 *
 * <p>Serialisable, for the transfer from an executor to the driver.
 */
public class TableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The message says value, place and remedy. */
  public TableException(String message) {
    super(PlainText.of(message));
  }

  /** A message, and as its cause the exception of the file system or the format's reader. */
  public TableException(String message, Throwable cause) {
    super(PlainText.of(message), cause);
  }
}
