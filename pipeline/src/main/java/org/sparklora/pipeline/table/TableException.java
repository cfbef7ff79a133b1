package org.sparklora.pipeline.table;

import org.sparklora.hub.PlainText;

/**
 * A table or data file that cannot be read or written: what is wrong with which value, where, and
 * what to do.
 *
 * <p>Serialisable, so that it survives the way from an executor to the driver.
 */
public class TableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The message says value, place and remedy. */
  public TableException(String message) {
    super(PlainText.of(message));
  }

  /** As {@link #TableException(String)}, with what the file system or the format said. */
  public TableException(String message, Throwable cause) {
    super(PlainText.of(message), cause);
  }
}
