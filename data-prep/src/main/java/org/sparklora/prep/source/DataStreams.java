package org.sparklora.prep.source;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.CharacterCodingException;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.CallableRaisingIOE;
import org.sparklora.pipeline.config.RootCause;

/** Opens text data files; decompresses by file name. */
final class DataStreams {
  private static final int BUFFER_BYTES = 1 << 16;

  private DataStreams() {}

  /** Every byte of the (decompressed) file from a position on, which is 0 if it is compressed. */
  static InputStream open(Configuration configuration, DatasetFile file, long position)
      throws IOException {
    Path path = file.hadoopPath();
    FSDataInputStream raw = path.getFileSystem(configuration).open(path);
    try {
      if (position > 0) {
        raw.seek(position);
      }
      return new BufferedInputStream(
          file.gzip() ? new GZIPInputStream(raw, BUFFER_BYTES) : raw, BUFFER_BYTES);
    } catch (IOException | RuntimeException e) {
      raw.close();
      throw e;
    }
  }

  /**
   * Decodes a part of a file. A runtime exception of the format's library becomes one of the file,
   * to distinguish it from an exception of the {@link RowHandler}.
   */
  static <T> T decoded(CallableRaisingIOE<T> part) throws IOException {
    try {
      return part.apply();
    } catch (RuntimeException e) {
      throw RootCause.find(e, IOException.class).orElseGet(() -> new IOException(problem(e), e));
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
    boolean bare = // a number without words
        e instanceof IndexOutOfBoundsException || e instanceof NegativeArraySizeException;
    return RootCause.firstLine((bare ? name + ": " : "") + e.getMessage(), name);
  }
}
