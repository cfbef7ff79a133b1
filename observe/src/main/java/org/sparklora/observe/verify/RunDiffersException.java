package org.sparklora.observe.verify;

/** Thrown when a run differs from its baseline. */
public final class RunDiffersException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public RunDiffersException(String message) {
    super(message);
  }
}
