package org.sparklora.prep.source;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.RootCause;

/** Opens text data files; decompresses by file name and skips a byte order mark. */
final class DataStreams {
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int[] BYTE_ORDER_MARK = {0xEF, 0xBB, 0xBF};

  private DataStreams() {}

  /** The text without a byte order mark. */
  static InputStream open(Configuration configuration, DatasetFile file) throws IOException {
    InputStream in = openBytes(configuration, file);
    skipByteOrderMark(in);
    return in;
  }

  /** Every byte of the (decompressed) file, so that positions can be counted. */
  static InputStream openBytes(Configuration configuration, DatasetFile file) throws IOException {
    Path path = file.hadoopPath();
    InputStream raw = path.getFileSystem(configuration).open(path);
    try {
      return new BufferedInputStream(
          file.gzip() ? new GZIPInputStream(raw, BUFFER_BYTES) : raw, BUFFER_BYTES);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /** The problem with a file, in clearer words where the exception's message alone is unclear. */
  static String problem(Throwable e) {
    if (e instanceof EOFException) {
      return "it is cut off";
    }
    if (e instanceof CharacterCodingException) {
      return "it is not UTF-8; save it as such";
    }
    String name = e.getClass().getSimpleName();
    if (e.getMessage() == null) {
      return name;
    }
    boolean says =
        !(e instanceof IndexOutOfBoundsException || e instanceof NegativeArraySizeException);
    String message =
        says ? e.getMessage() : name + ": " + e.getMessage(); // their messages are a bare number
    return RootCause.firstLine(message, name);
  }

  private static void skipByteOrderMark(InputStream in) throws IOException {
    in.mark(BYTE_ORDER_MARK.length);
    for (int expected : BYTE_ORDER_MARK) {
      if (in.read() != expected) {
        in.reset();
        return;
      }
    }
  }
}
