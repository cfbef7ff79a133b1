package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

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

  /** A JSON or CSV file in UTF-8 holds no NUL, and in UTF-16 has one in each pair of bytes. */
  private static final int HEAD_BYTES = 4;

  private final InputStream in;
  private final byte[] chunk = new byte[1 << 16];
  private int chunkPosition;
  private int chunkEnd;
  private byte[] line = new byte[1 << 12];
  private int length;
  private int offset;
  private long position;
  private boolean tooLong;

  /**
   * @param position byte of the file from which lines are read. The stream is one byte before it,
   *     or at it if it is 0
   */
  public LineReader(InputStream in, long position) {
    this.in = in;
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
    length = 0;
    tooLong = false;
    boolean first = position == 0;
    boolean found = readLine();
    if (first) {
      requireUtf8();
    }
    offset = first && startsWith(0xEF, 0xBB, 0xBF) ? 3 : 0; // a byte order mark
    return found;
  }

  private void requireUtf8() throws IOException {
    boolean other = startsWith(0xFE, 0xFF) || startsWith(0xFF, 0xFE);
    for (int i = 0; i < Math.min(HEAD_BYTES, length); i++) {
      other |= line[i] == 0;
    }
    if (other) {
      throw new IOException("it is UTF-16 or UTF-32; save it as UTF-8");
    }
  }

  private boolean startsWith(int... bytes) {
    for (int i = 0; i < bytes.length; i++) {
      if (i >= length || line[i] != (byte) bytes[i]) {
        return false;
      }
    }
    return true;
  }

  private boolean readLine() throws IOException {
    while (true) {
      if (chunkPosition == chunkEnd && !fill()) {
        return length > 0;
      }
      int from = chunkPosition;
      while (chunkPosition < chunkEnd && chunk[chunkPosition] != '\n') {
        chunkPosition++;
      }
      append(from, chunkPosition - from);
      position += chunkPosition - from;
      if (chunkPosition < chunkEnd) {
        chunkPosition++; // the line feed
        position++;
        return true;
      }
    }
  }

  private boolean fill() throws IOException {
    chunkEnd = Math.max(0, in.read(chunk));
    chunkPosition = 0;
    return chunkEnd > 0;
  }

  private void append(int from, int count) {
    tooLong |= length + count > MOST_BYTES;
    if (tooLong) {
      return;
    }
    if (length + count > line.length) {
      line = Arrays.copyOf(line, Math.max(2 * line.length, length + count));
    }
    System.arraycopy(chunk, from, line, length, count);
    length += count;
  }

  /** Whether the line is longer than {@code MOST_BYTES}: the buffer holds only its beginning. */
  boolean isTooLong() {
    return tooLong;
  }

  /** Holds the line without its line feed, from {@link #offset} to {@link #length}. */
  byte[] buffer() {
    return line;
  }

  /** 3 if the line is a file's first and begins with a byte order mark, else 0. */
  int offset() {
    return offset;
  }

  int length() {
    return length;
  }

  /** Whether the line has only white space. */
  public boolean isBlank() {
    for (int i = offset; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
