package org.sparklora.model.engine;

/** A row of logits that was to be drawn from holds NaN or infinite numbers. */
public final class NonFiniteRowException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final int row;

  NonFiniteRowException(int row) {
    super(
        "Cannot draw from row %s of the logits: it holds NaN or infinite numbers; the model has diverged"
            .formatted(row));
    this.row = row;
  }

  /** The first row with NaN or infinite logits. */
  public int row() {
    return row;
  }
}
