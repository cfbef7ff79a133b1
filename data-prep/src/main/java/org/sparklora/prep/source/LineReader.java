package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.stream.IntStream;
import org.apache.hadoop.io.Text;

/**
 * Reads lines of UTF-8 as bytes into one buffer, reused for every line, and tracks the position in
 * the file. Not thread-safe.
 */
public final class LineReader {
  /**
   * Longest line kept; of a longer one only the beginning is: a buffer, a text and its tokens for
   * each task would fill the memory.
   */
  static final int MOST_BYTES = 32 << 20;

  private static final byte[] LINE_FEED = {'\n'}; // by default also a carriage return

  /** A JSON or CSV file in UTF-8 holds no NUL, and in UTF-16 has one in each pair of bytes. */
  private static final int HEAD_BYTES = 4;

  private final org.apache.hadoop.util.LineReader in;
  private final Text line = new Text();
  private int offset;
  private long position;

  /**
   * @param position byte of the file from which lines are read. The stream is one byte before it,
   *     or at it if it is 0
   */
  public LineReader(InputStream in, long position) {
    this.in = new org.apache.hadoop.util.LineReader(in, LINE_FEED);
    this.position = position == 0 ? 0 : position - 1;
  }

  /** The byte of the file at which the next line begins. */
  long position() {
    return position;
  }

  /**
   * Reads a line; returns false at the end of the file.
   *
   * @throws IOException if the file cannot be read, or is UTF-16 or UTF-32
   */
  public boolean next() throws IOException {
    boolean first = position == 0;
    int read = in.readLine(line, MOST_BYTES + 1);
    position += read;
    if (first) {
      requireUtf8();
    }
    offset = first && startsWith(0xEF, 0xBB, 0xBF) ? 3 : 0; // a byte order mark
    return read > 0;
  }

  private void requireUtf8() throws IOException {
    if (startsWith(0xFE, 0xFF)
        || startsWith(0xFF, 0xFE)
        || IntStream.range(0, Math.min(HEAD_BYTES, length())).anyMatch(i -> buffer()[i] == 0)) {
      throw new IOException("it is UTF-16 or UTF-32; save it as UTF-8");
    }
  }

  private boolean startsWith(int... bytes) {
    return length() >= bytes.length
        && IntStream.range(0, bytes.length).allMatch(i -> buffer()[i] == (byte) bytes[i]);
  }

  /** Whether the line is longer than {@code MOST_BYTES}: the buffer holds only its beginning. */
  boolean isTooLong() {
    return length() > MOST_BYTES;
  }

  /** Holds the line without its line feed, from {@link #offset} to {@link #length}. */
  byte[] buffer() {
    return line.getBytes();
  }

  /** 3 if the line is a file's first and begins with a byte order mark, else 0. */
  int offset() {
    return offset;
  }

  int length() {
    return line.getLength();
  }

  /** Whether the line has only white space. */
  public boolean isBlank() {
    for (int i = offset; i < length(); i++) {
      byte b = buffer()[i];
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }
}
