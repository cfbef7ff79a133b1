package org.sparklora.prep.source;

import java.io.IOException;
import java.util.function.Supplier;

/**
 * Carries what Parquet throws while it decodes, so that it is not taken for an exception of whoever
 * receives the rows.
 */
final class ParquetDamage extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private ParquetDamage(RuntimeException cause) {
    super(cause);
  }

  /** Reads bytes of the file. */
  @FunctionalInterface
  interface Reading<T> {
    T read() throws IOException;
  }

  /** As {@link #guard}, where the disk may fail as well. */
  static <T> T guardReading(Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (RuntimeException e) {
      throw new ParquetDamage(e);
    }
  }

  static <T> T guard(Supplier<T> decode) {
    try {
      return decode.get();
    } catch (RuntimeException e) {
      throw new ParquetDamage(e);
    }
  }
}
