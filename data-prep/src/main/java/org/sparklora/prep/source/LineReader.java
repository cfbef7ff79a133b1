package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/**
 * Reads lines as bytes into a buffer that is used again for every line, and keeps account of the
 * place in the file. Not thread-safe.
 */
final class LineReader {
  private final InputStream in;
  private final byte[] chunk = new byte[1 << 16];
  private int chunkPosition;
  private int chunkEnd;
  private byte[] line = new byte[1 << 12];
  private int length;
  private int offset;
  private long position;

  /**
   * @param position the place in the file from which on lines are ours. The stream stands there, or
   *     (when it is not 0) one byte before
   */
  LineReader(InputStream in, long position) {
    this.in = in;
    this.position = position == 0 ? 0 : position - 1;
  }

  /** The place in the file at which the next line begins. */
  long position() {
    return position;
  }

  /** Goes to the beginning of the next line. */
  void skipLine() throws IOException {
    next();
  }

  /** Reads a line; false at the end of the file. */
  boolean next() throws IOException {
    length = 0;
    boolean first = position == 0;
    boolean found = readLine();
    offset = first && startsWithByteOrderMark() ? 3 : 0;
    return found;
  }

  private boolean startsWithByteOrderMark() {
    return length >= 3
        && line[0] == (byte) 0xEF
        && line[1] == (byte) 0xBB
        && line[2] == (byte) 0xBF;
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

  private void append(int from, int count) throws IOException {
    if (length + count > line.length) {
      long wanted = Math.max(2L * line.length, (long) length + count);
      if (wanted > Integer.MAX_VALUE - 8) {
        throw new IOException("a line is longer than 2 GB");
      }
      line = Arrays.copyOf(line, (int) wanted);
    }
    System.arraycopy(chunk, from, line, length, count);
    length += count;
  }

  /** The line without its line feed, from {@link #offset} to {@link #length}. */
  byte[] buffer() {
    return line;
  }

  /** 3 in a file's first line when that begins with a byte order mark, else 0. */
  int offset() {
    return offset;
  }

  int length() {
    return length;
  }

  boolean isBlank() {
    for (int i = offset; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') {
        return false;
      }
    }
    return true;
  }
}
