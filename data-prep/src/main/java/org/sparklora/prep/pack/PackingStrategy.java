package org.sparklora.prep.pack;

import org.sparklora.prep.source.LowerCase;

/** {@code --packing_strategy}: TRL's three, by TRL's names. */
public enum PackingStrategy implements LowerCase {
  BFD,
  BFD_SPLIT,
  WRAPPED;

  /** A packer of rows of at most {@code maxLength} tokens, at least 1. */
  public Packer packer(int maxLength) {
    return this == WRAPPED
        ? new Packer.Wrapped(maxLength)
        : new BestFitDecreasing(maxLength, this == BFD_SPLIT);
  }
}
