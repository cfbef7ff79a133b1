package org.sparklora.prep.pack;

import org.sparklora.prep.source.LowerCase;

/** {@code --packing_strategy}: TRL's three, by TRL's names. */
public enum PackingStrategy implements LowerCase {
  BFD,
  BFD_SPLIT,
  WRAPPED;

  /** A packer of rows of at most {@code maxLength} tokens. */
  public Packer packer(int maxLength) {
    return switch (this) {
      case BFD -> new BestFitDecreasing(maxLength, BestFitDecreasing.Overflow.TRUNCATE);
      case BFD_SPLIT -> new BestFitDecreasing(maxLength, BestFitDecreasing.Overflow.SPLIT);
      case WRAPPED -> new Wrapped(maxLength);
    };
  }
}
