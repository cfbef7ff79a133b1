package org.sparklora.prep.pack;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.tokenize.TokenizedDocument;

/**
 * One row to be assembled: a growing list of S pieces of documents, end to end, without an object
 * for each piece. Not thread-safe.
 */
public final class RowPlan {
  private final boolean bounded;
  private int[] documents = new int[4];
  private int[] starts = new int[4];
  private int[] lengths = new int[4];
  private int size;

  /**
   * A row without pieces.
   *
   * @param bounded whether the model sees each piece as a document; false for {@code wrapped},
   *     whose rows have no boundaries
   */
  RowPlan(boolean bounded) {
    this.bounded = bounded;
  }

  static void requireRoom(int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException(
          "Cannot pack into rows of " + maxLength + " tokens: max_length must be at least 1");
    }
  }

  /** Appends {@code length} tokens of a document, from token {@code start} on. */
  void add(int document, int start, int length) {
    if (size == documents.length) {
      documents = Arrays.copyOf(documents, 2 * size);
      starts = Arrays.copyOf(starts, 2 * size);
      lengths = Arrays.copyOf(lengths, 2 * size);
    }
    documents[size] = document;
    starts[size] = start;
    lengths[size] = length;
    size++;
  }

  /** Number of pieces, S. */
  int size() {
    return size;
  }

  /** Index of a piece's document among those the plan was made for. */
  int document(int piece) {
    return documents[piece];
  }

  /** First token that a piece takes of its document. */
  int start(int piece) {
    return starts[piece];
  }

  /** Number of tokens that a piece takes. */
  int length(int piece) {
    return lengths[piece];
  }

  /** Number of tokens in the row, T. */
  public int tokens() {
    return IntStream.of(lengths).limit(size).sum();
  }

  /** The value of the row's {@code seq_lengths} column. */
  public int[] seqLengths() {
    return bounded ? Arrays.copyOf(lengths, size) : new int[] {tokens()};
  }

  /** The row, with the pieces copied from their documents; see {@link Packer#pack}. */
  PackedSequence assembled(List<TokenizedDocument> all, int[] sources) {
    int[] inputIds = new int[tokens()];
    int[] labels = new int[inputIds.length];
    int position = 0;
    for (int piece = 0; piece < size; piece++) {
      TokenizedDocument document = all.get(documents[piece]);
      System.arraycopy(document.inputIds(), starts[piece], inputIds, position, lengths[piece]);
      System.arraycopy(document.labels(), starts[piece], labels, position, lengths[piece]);
      position += lengths[piece];
    }
    int[] seqLengths = seqLengths();
    int[] ofRow =
        IntStream.range(0, sources.length == 0 ? 0 : seqLengths.length)
            .map(piece -> sources[documents[piece]])
            .toArray();
    return new PackedSequence(inputIds, labels, seqLengths, ofRow);
  }
}
