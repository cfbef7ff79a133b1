package org.sparklora.train;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.pipeline.table.TableException;

/**
 * A table's rows in a local temporary file with random access: epochs visit rows at random, for
 * which Parquet would decode a whole row group per row. Holds 12 bytes per row in memory.
 *
 * <p>A row in the file is its number of documents, its number of tokens, the documents' lengths,
 * token ids, labels, and the documents' datasets if known, as 32-bit integers. Only one thread may
 * add; reading is thread-safe.
 */
final class SpilledRows implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final int vocabularySize;
  private final MessageDigest digest = Sha256.digest();
  private long[] starts = new long[1024];
  private int[] targets = new int[1024];
  private int count;
  private int longestDocument;
  private long end;

  private SpilledRows(Path file, FileChannel channel, int vocabularySize) {
    this.file = file;
    this.channel = channel;
    this.vocabularySize = vocabularySize;
  }

  /** An empty store in a folder, for token ids below {@code vocabularySize}. */
  static SpilledRows create(Path folder, int vocabularySize) {
    try {
      Path file = Files.createTempFile(folder, "spark-lora-rows", ".bin");
      return new SpilledRows(
          file,
          // POSIX systems unlink the file at once, so a killed process leaves nothing
          FileChannel.open(
              file,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE),
          vocabularySize);
    } catch (IOException e) {
      throw unwritable(folder, e);
    }
  }

  private static TableException unwritable(Path place, IOException cause) {
    return new TableException(
        "Cannot keep training rows in %s (%s): %s"
            .formatted(place, cause.getMessage(), ScratchPlace.remedy()),
        cause);
  }

  /** Appends a row; a {@link TableException} if a token id is not in the vocabulary. */
  void add(PackedSequence row) {
    check(row);
    ByteBuffer bytes =
        ByteBuffer.allocate(
            Integer.BYTES
                * (2 + row.seqLengths().length + 2 * row.tokens() + row.sources().length));
    bytes
        .asIntBuffer()
        .put(row.seqLengths().length)
        .put(row.tokens())
        .put(row.seqLengths())
        .put(row.inputIds())
        .put(row.labels())
        .put(row.sources());
    if (count + 1 == starts.length) {
      starts = Arrays.copyOf(starts, 2 * starts.length);
      targets = Arrays.copyOf(targets, 2 * targets.length);
    }
    targets[count] = row.targets();
    starts[count++] = end;
    longestDocument = Math.max(longestDocument, Arrays.stream(row.seqLengths()).max().orElse(0));
    digest.update(bytes.duplicate());
    transfer(bytes, end, true);
    end += bytes.capacity();
    starts[count] = end;
  }

  private void check(PackedSequence row) {
    for (int i = 0; i < row.tokens(); i++) {
      int token = row.inputIds()[i];
      int label = row.labels()[i];
      boolean labelled = label != PackedSequence.NO_LOSS;
      if (token < 0
          || token >= vocabularySize
          || labelled && (label < 0 || label >= vocabularySize)) {
        throw new TableException(
            "Cannot train on row %s: position %s holds token %s with label %s, but the model knows only the ids 0 to %s; prepare the data with this model's tokenizer"
                .formatted(count, i, token, label, vocabularySize - 1));
      }
    }
  }

  /** SHA-256 of all rows in order; equal for stores with the same data. */
  String fingerprint() {
    try {
      MessageDigest soFar = (MessageDigest) digest.clone();
      return HexFormat.of().formatHex(soFar.digest());
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException(e); // the JDK's SHA-256 can be cloned
    }
  }

  int longestDocument() {
    return longestDocument;
  }

  /** Whether rows can be read: an interrupt during a read closes the file. */
  boolean isOpen() {
    return channel.isOpen();
  }

  int count() {
    return count;
  }

  /** Tokens of a row that count for the loss. */
  int targets(int index) {
    return targets[index];
  }

  PackedSequence row(int index) {
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(starts[index + 1] - starts[index]));
    transfer(bytes, starts[index], false);
    IntBuffer numbers = bytes.rewind().asIntBuffer();
    int[] lengths = new int[numbers.get()];
    int[] tokens = new int[numbers.get()];
    int[] labels = new int[tokens.length];
    numbers.get(lengths).get(tokens).get(labels);
    int[] sources = new int[numbers.remaining()];
    numbers.get(sources);
    return new PackedSequence(tokens, labels, lengths, sources);
  }

  private void transfer(ByteBuffer bytes, long position, boolean write) {
    try {
      while (bytes.hasRemaining()) {
        long at = position + bytes.position();
        if ((write ? channel.write(bytes, at) : channel.read(bytes, at)) < 0) {
          throw new IOException("%s was cut while it was used".formatted(file));
        }
      }
    } catch (IOException e) {
      Interruption.check(); // an interrupt closes the file, which is neither full nor damaged
      if (write) {
        throw unwritable(file.getParent(), e);
      }
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes the file. */
  @Override
  public void close() {
    try {
      channel.close();
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
