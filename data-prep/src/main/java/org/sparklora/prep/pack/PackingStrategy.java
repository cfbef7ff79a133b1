package org.sparklora.prep.pack;

import java.util.Locale;

/** {@code --packing_strategy}: TRL's three, by TRL's names. */
public enum PackingStrategy {
  BFD,
  BFD_SPLIT,
  WRAPPED;

  /** The name as TRL writes it. */
  public String flag() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** A packer of rows of at most {@code maxLength} tokens. */
  public Packer packer(int maxLength) {
    return switch (this) {
      case BFD -> new BestFitDecreasing(maxLength, BestFitDecreasing.Overflow.TRUNCATE);
      case BFD_SPLIT -> new BestFitDecreasing(maxLength, BestFitDecreasing.Overflow.SPLIT);
      case WRAPPED -> new Wrapped(maxLength);
    };
  }
}
