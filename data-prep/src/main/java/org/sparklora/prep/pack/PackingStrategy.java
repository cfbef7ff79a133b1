package org.sparklora.prep.pack;

import java.util.Arrays;
import java.util.Locale;
import org.sparklora.pipeline.config.ConfigException;

/** {@code --packing_strategy}: TRL's three, by TRL's names. */
public enum PackingStrategy {
  BFD,
  BFD_SPLIT,
  WRAPPED;

  /**
   * The strategy that {@code name} names.
   *
   * @throws ConfigException when there is none
   */
  public static PackingStrategy of(String name) {
    return Arrays.stream(values())
        .filter(strategy -> strategy.flag().equals(name))
        .findFirst()
        .orElseThrow(
            () -> new ConfigException("packing_strategy", name, "use bfd, bfd_split or wrapped"));
  }

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
