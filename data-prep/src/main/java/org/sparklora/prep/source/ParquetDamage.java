package org.sparklora.prep.source;

import java.io.IOException;

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
  static <T> T guard(Reading<T> reading) throws IOException {
    try {
      return reading.read();
    } catch (RuntimeException e) {
      throw new ParquetDamage(e);
    }
  }
}
