package org.sparklora.spark.verify;

/** A run is not the recorded one. */
final class RunDiffersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RunDiffersException(String message) {
    super(message);
  }
}
