package org.sparklora.prep.document;

import static org.sparklora.pipeline.table.PackedSequence.NO_LOSS;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumFileSystem;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.format.TokenizedDocument;

/**
 * Writes the documents of one task's splits, in order, between tokenizing and packing, or reads
 * such a file. Stored inside the job's in-progress folder. Not thread-safe.
 *
 * <pre>
 * document := int tokens, int targetsFrom, int[tokens] input_ids, [int[tokens] labels]     big-endian
 * targetsFrom &gt;= 0: labels are -100 before that token and the token ids from it on, and are not written
 * targetsFrom = -1: labels follow
 * </pre>
 */
public final class DocumentFile implements Closeable {
  private static final int BUFFER_BYTES = 1 << 17;
  private static final int LABELS_FOLLOW = -1;

  private final Path path;
  private final DataOutputStream out;

  /** Creates the file, replacing what a failed attempt left. */
  public DocumentFile(Configuration configuration, Path path) {
    this.path = path;
    try {
      out =
          new DataOutputStream(
              new BufferedOutputStream(
                  fileSystem(configuration, path).create(path, true), BUFFER_BYTES));
    } catch (IOException e) {
      throw TableException.unwritten(path, e);
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
      throw TableException.unwritten(path, e);
    }
  }

  private static int targetsFrom(TokenizedDocument document) {
    int[] labels = document.labels();
    int from = 0;
    while (from < labels.length && labels[from] == NO_LOSS) {
      from++;
    }
    int[] ids = document.inputIds();
    return Arrays.equals(labels, from, labels.length, ids, from, labels.length)
        ? from
        : LABELS_FOLLOW;
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
      throw TableException.unwritten(path, e);
    }
  }

  /** Reads the documents from number {@code first} on; there must be {@code count} of them. */
  public static List<TokenizedDocument> read(
      Configuration configuration, Path path, int first, int count) {
    List<TokenizedDocument> documents = new ArrayList<>();
    try (DataInputStream in =
        new DataInputStream(
            new BufferedInputStream(fileSystem(configuration, path).open(path), BUFFER_BYTES))) {
      for (int document = 0; document < first + count; document++) {
        int tokens = in.readInt();
        int targetsFrom = in.readInt();
        if (document < first) {
          in.skipNBytes(4L * tokens * (targetsFrom == LABELS_FOLLOW ? 2 : 1));
        } else {
          int[] inputIds = ints(in, tokens);
          int[] labels = targetsFrom == LABELS_FOLLOW ? ints(in, tokens) : inputIds.clone();
          Arrays.fill(labels, 0, Math.max(0, targetsFrom), NO_LOSS);
          documents.add(new TokenizedDocument(inputIds, labels));
        }
      }
      return documents;
    } catch (IOException e) {
      throw TableException.unread(path, e, "look at the disk, and run prep again");
    }
  }

  private static int[] ints(DataInputStream in, int count) throws IOException {
    byte[] bytes = new byte[4 * count];
    in.readFully(bytes);
    int[] values = new int[count];
    ByteBuffer.wrap(bytes).asIntBuffer().get(values);
    return values;
  }

  /** A local file gets no file of checksums, no permissions: Hadoop starts a process for each. */
  private static FileSystem fileSystem(Configuration configuration, Path path) throws IOException {
    FileSystem found = path.getFileSystem(configuration);
    return found instanceof ChecksumFileSystem local ? local.getRawFileSystem() : found;
  }
}
