package org.sparklora.prep.source;

import java.io.IOException;
import java.util.function.Supplier;

/**
 * Wraps an exception that Parquet throws while it decodes, to distinguish it from an exception of
 * the {@link RowHandler}.
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

  /** As {@link #guard}, for reading that may also throw an {@code IOException}. */
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
