package org.sparklora.prep.document;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.tokenize.TokenizedDocument;

/**
 * The documents of one task's splits, in order, between tokenizing and packing. Stored inside the
 * job's in-progress folder.
 *
 * <pre>
 * document := int tokens, int targetsFrom, int[tokens] input_ids, [int[tokens] labels]     big-endian
 * targetsFrom &gt;= 0: labels are -100 before that token and the token ids from it on, and are not written
 * targetsFrom = -1: labels follow
 * </pre>
 */
public final class DocumentFile {
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int LABELS_FOLLOW = -1;
  private static final int NO_LOSS = -100;

  private DocumentFile() {}

  /** Writes one file. Not thread-safe. */
  public static final class Writer implements Closeable {
    private final Path path;
    private final DataOutputStream out;

    /** Creates the file, replacing what a failed attempt left. */
    public Writer(Configuration configuration, Path path) {
      this.path = path;
      try {
        out =
            new DataOutputStream(
                new BufferedOutputStream(
                    fileSystem(configuration, path).create(path, true), BUFFER_BYTES));
      } catch (IOException e) {
        throw failed("write", path, e);
      }
    }

    public void write(TokenizedDocument document) {
      try {
        int targetsFrom = targetsFrom(document);
        out.writeInt(document.tokens());
        out.writeInt(targetsFrom);
        out.write(bytes(document.inputIds()));
        if (targetsFrom == LABELS_FOLLOW) {
          out.write(bytes(document.labels()));
        }
      } catch (IOException e) {
        throw failed("write", path, e);
      }
    }

    private static int targetsFrom(TokenizedDocument document) {
      int[] labels = document.labels();
      int from = 0;
      while (from < labels.length && labels[from] == NO_LOSS) {
        from++;
      }
      for (int i = from; i < labels.length; i++) {
        if (labels[i] != document.inputIds()[i]) {
          return LABELS_FOLLOW;
        }
      }
      return from;
    }

    private static byte[] bytes(int[] values) {
      ByteBuffer buffer = ByteBuffer.allocate(4 * values.length);
      buffer.asIntBuffer().put(values);
      return buffer.array();
    }

    @Override
    public void close() {
      try {
        out.close();
      } catch (IOException e) {
        throw failed("write", path, e);
      }
    }
  }

  /** Reads one file from the beginning. Not thread-safe. */
  public static final class Reader implements Closeable {
    private final Path path;
    private final DataInputStream in;

    public Reader(Configuration configuration, Path path) {
      this.path = path;
      try {
        in =
            new DataInputStream(
                new BufferedInputStream(fileSystem(configuration, path).open(path), BUFFER_BYTES));
      } catch (IOException e) {
        throw failed("read", path, e);
      }
    }

    public void skip(int documents) {
      try {
        for (int i = 0; i < documents; i++) {
          int tokens = in.readInt();
          int targetsFrom = in.readInt();
          in.skipNBytes(4L * tokens * (targetsFrom == LABELS_FOLLOW ? 2 : 1));
        }
      } catch (IOException e) {
        throw failed("read", path, e);
      }
    }

    /** The next document; there must be one. */
    public TokenizedDocument next() {
      try {
        int tokens = in.readInt();
        int targetsFrom = in.readInt();
        int[] inputIds = ints(tokens);
        int[] labels;
        if (targetsFrom == LABELS_FOLLOW) {
          labels = ints(tokens);
        } else {
          labels = inputIds.clone();
          Arrays.fill(labels, 0, targetsFrom, NO_LOSS);
        }
        return new TokenizedDocument(inputIds, labels);
      } catch (IOException e) {
        throw failed("read", path, e);
      }
    }

    private int[] ints(int count) throws IOException {
      byte[] bytes = new byte[4 * count];
      in.readFully(bytes);
      int[] values = new int[count];
      ByteBuffer.wrap(bytes).asIntBuffer().get(values);
      return values;
    }

    @Override
    public void close() {
      try {
        in.close();
      } catch (IOException e) {
        throw failed("read", path, e);
      }
    }
  }

  /**
   * A local file gets no file of checksums, and no permissions: Hadoop starts a process for each.
   */
  private static FileSystem fileSystem(Configuration configuration, Path path) throws IOException {
    FileSystem found = path.getFileSystem(configuration);
    return found instanceof ChecksumFileSystem local ? local.getRawFileSystem() : found;
  }

  private static TableException failed(String what, Path path, IOException cause) {
    return new TableException(
        "Cannot %s %s (%s): make room, or look at the disk, and run prep again"
            .formatted(what, path, cause.getMessage()),
        cause);
  }
}
