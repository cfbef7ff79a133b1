package org.sparklora.text.json;

/**
 * A file of a checkpoint or adapter folder is damaged, missing, or of a kind that is not supported.
 */
public final class CheckpointException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  public CheckpointException(String message) {
    super(message);
  }

  public CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
