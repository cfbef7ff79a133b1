package org.sparklora.prep.pack;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.format.TokenizedDocument;

/**
 * One row to be assembled: S pieces of documents, end to end.
 *
 * @param pieces grows while the row is planned
 * @param bounded whether the model sees each piece as a document; false for {@code wrapped}, whose
 *     rows have no boundaries
 */
public record RowPlan(List<Piece> pieces, boolean bounded) {

  /** Consecutive tokens of a document, by its index among those the plan was made for. */
  public record Piece(int document, int start, int length) {}

  RowPlan(boolean bounded) {
    this(new ArrayList<>(), bounded);
  }

  /** Number of tokens in the row, T. */
  int tokens() {
    return pieces.stream().mapToInt(Piece::length).sum();
  }

  /** The value of the row's {@code seq_lengths} column. */
  int[] seqLengths() {
    return bounded ? pieces.stream().mapToInt(Piece::length).toArray() : new int[] {tokens()};
  }

  /** The row, with the pieces copied from their documents; see {@link Packer#pack}. */
  PackedSequence assembled(List<TokenizedDocument> all, int[] sources) {
    int[] inputIds = new int[tokens()];
    int[] labels = new int[inputIds.length];
    int position = 0;
    for (Piece piece : pieces) {
      TokenizedDocument document = all.get(piece.document);
      System.arraycopy(document.inputIds(), piece.start, inputIds, position, piece.length);
      System.arraycopy(document.labels(), piece.start, labels, position, piece.length);
      position += piece.length;
    }
    int[] seqLengths = seqLengths();
    int[] ofRow =
        pieces.stream()
            .limit(sources.length == 0 ? 0 : seqLengths.length)
            .mapToInt(piece -> sources[piece.document])
            .toArray();
    return new PackedSequence(inputIds, labels, seqLengths, ofRow);
  }
}
