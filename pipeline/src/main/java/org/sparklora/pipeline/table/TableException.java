package org.sparklora.pipeline.table;

import java.io.IOException;
import org.sparklora.hub.PlainText;
import org.sparklora.pipeline.config.RootCause;

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

  /** The exception for a file or folder that cannot be read, with the remedy. */
  public static TableException unread(Object file, Exception cause, String remedy) {
    return new TableException(
        "Cannot read %s (%s): %s".formatted(file, cause.getMessage(), remedy), cause);
  }

  /** The exception for a file in an output folder that cannot be written. */
  public static TableException unwritten(Object file, IOException cause) {
    return new TableException(
        "Cannot write %s (%s): make room or choose another --output_dir"
            .formatted(file, RootCause.reason(cause)),
        cause);
  }
}
