package org.sparklora.prep.pack;

import org.sparklora.prep.source.LowerCase;

/** {@code --packing_strategy}: TRL's three, by TRL's names. */
public enum PackingStrategy implements LowerCase {
  BFD,
  BFD_SPLIT,
  WRAPPED;

  /** A packer of rows of at most {@code maxLength} tokens. */
  public Packer packer(int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException(
          "Cannot pack into rows of " + maxLength + " tokens: max_length must be at least 1");
    }
    return this == WRAPPED
        ? new Packer.Wrapped(maxLength)
        : new BestFitDecreasing(maxLength, this == BFD_SPLIT);
  }
}
