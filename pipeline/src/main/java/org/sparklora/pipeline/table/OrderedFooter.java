package org.sparklora.pipeline.table;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import org.apache.parquet.format.ColumnChunk;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.Util;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/**
 * A Parquet file whose footer lists each column's encodings in the order of their numbers.
 * Parquet's writer lists them in the order of a hash set of enum constants, which depends on the
 * JVM.
 *
 * <p>A stream holds back a file's last bytes, at most {@value #HELD_BYTES}; a longer footer stays
 * as it is. Not thread-safe.
 */
final class OrderedFooter implements OutputFile {
  private static final int HELD_BYTES = 1 << 20;

  /** The footer's length, four bytes in little-endian order, and a magic number follow it. */
  private static final int END_BYTES = 8;

  private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private final OutputFile file;

  OrderedFooter(OutputFile file) {
    this.file = file;
  }

  @Override
  public PositionOutputStream create(long blockSizeHint) throws IOException {
    return new Stream(file.create(blockSizeHint));
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSizeHint) throws IOException {
    return new Stream(file.createOrOverwrite(blockSizeHint));
  }

  @Override
  public boolean supportsBlockSize() {
    return file.supportsBlockSize();
  }

  @Override
  public long defaultBlockSize() {
    return file.defaultBlockSize();
  }

  @Override
  public String getPath() {
    return file.getPath();
  }

  private static final class Stream extends PositionOutputStream {
    private final PositionOutputStream out;
    private final byte[] held = new byte[2 * HELD_BYTES];
    private int count;
    private boolean closed;

    Stream(PositionOutputStream out) {
      this.out = out;
    }

    @Override
    public long getPos() throws IOException {
      return out.getPos() + count;
    }

    @Override
    public void write(int value) throws IOException {
      makeRoom();
      held[count++] = (byte) value;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      for (int done = 0; done < length; ) {
        makeRoom();
        int part = Math.min(length - done, held.length - count);
        System.arraycopy(bytes, offset + done, held, count, part);
        count += part;
        done += part;
      }
    }

    private void makeRoom() throws IOException {
      if (count == held.length) {
        out.write(held, 0, HELD_BYTES);
        System.arraycopy(held, HELD_BYTES, held, 0, HELD_BYTES);
        count = HELD_BYTES;
      }
    }

    @Override
    public void close() throws IOException {
      if (closed) {
        return;
      }
      closed = true;
      try (out) {
        order();
        out.write(held, 0, count);
      }
    }

    /** Orders the footer; a file that was not written to its end has none. */
    private void order() throws IOException {
      int end = count - END_BYTES;
      if (end < 0 || !Arrays.equals(held, count - MAGIC.length, count, MAGIC, 0, MAGIC.length)) {
        return;
      }
      int length = ByteBuffer.wrap(held).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
      if (length <= 0 || length > end) {
        return;
      }
      FileMetaData footer =
          Util.readFileMetaData(new ByteArrayInputStream(held, end - length, length));
      for (RowGroup group : footer.getRow_groups()) {
        for (ColumnChunk column : group.getColumns()) {
          Collections.sort(column.getMeta_data().getEncodings());
        }
      }
      ByteArrayOutputStream ordered = new ByteArrayOutputStream(length);
      Util.writeFileMetaData(footer, ordered);
      if (ordered.size() == length) {
        System.arraycopy(ordered.toByteArray(), 0, held, end - length, length);
      }
    }
  }
}
