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

  /** Reads bytes; wraps a {@code RuntimeException}, and leaves an {@code IOException} as it is. */
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
