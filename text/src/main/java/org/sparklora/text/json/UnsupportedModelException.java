package org.sparklora.text.json;

/**
 * A checkpoint is whole, and of a kind that is not computed here: another model has to be named.
 */
public final class UnsupportedModelException extends CheckpointException {
  private static final long serialVersionUID = 1;

  /** With a refusal's message. */
  public UnsupportedModelException(CheckpointException refusal) {
    super("%s", refusal.getMessage());
  }
}
