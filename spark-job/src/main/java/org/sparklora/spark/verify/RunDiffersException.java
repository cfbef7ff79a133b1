package org.sparklora.spark.verify;

/** A run is not the recorded one. */
public final class RunDiffersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RunDiffersException(String message) {
    super(message);
  }
}
