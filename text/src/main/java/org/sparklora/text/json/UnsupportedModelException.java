package org.sparklora.text.json;

/**
 * A checkpoint is undamaged but its kind of model is not supported; the remedy is another model.
 */
public final class UnsupportedModelException extends CheckpointException {
  private static final long serialVersionUID = 1;

  public UnsupportedModelException(CheckpointException refusal) {
    super("%s", refusal.getMessage());
  }
}
