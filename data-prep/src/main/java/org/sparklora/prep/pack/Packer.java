package org.sparklora.prep.pack;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.format.TokenizedDocument;
import org.sparklora.prep.pack.RowPlan.Piece;

/**
 * A packing strategy: assigns pieces of documents to rows, from the lengths of consecutive
 * documents alone. Stateless and thread-safe.
 */
public sealed interface Packer extends Serializable
    permits BestFitDecreasing, Packer.Wrapped, Packer.OneDocumentARow {

  /**
   * The rows, in output order, of documents with these numbers of tokens, in dataset order. Empty
   * documents are in no row, and no row is empty.
   */
  List<RowPlan> plan(int[] lengths);

  /**
   * Packs consecutive documents, in dataset order, and passes on the rows in order, one at a time.
   *
   * @param sources the number of each document's dataset in a mixture; empty without one
   */
  default void pack(
      List<TokenizedDocument> documents, int[] sources, Consumer<PackedSequence> rows) {
    int[] lengths = documents.stream().mapToInt(TokenizedDocument::tokens).toArray();
    plan(lengths).forEach(plan -> rows.accept(plan.assembled(documents, sources)));
  }

  /** No packing: every document is a row, in dataset order. */
  record OneDocumentARow() implements Packer {
    @Override
    public List<RowPlan> plan(int[] lengths) {
      return IntStream.range(0, lengths.length)
          .filter(document -> lengths[document] > 0)
          .mapToObj(document -> new Piece(document, 0, lengths[document]))
          .map(piece -> new RowPlan(List.of(piece), true))
          .toList();
    }
  }

  /**
   * TRL's {@code wrapped}: all documents end to end, cut every {@code maxLength} tokens and without
   * a boundary between them, as in pre-training. The last row has the remainder.
   */
  record Wrapped(int maxLength) implements Packer {
    @Override
    public List<RowPlan> plan(int[] lengths) {
      List<RowPlan> rows = new ArrayList<>();
      int room = 0; // of the last row
      for (int document = 0; document < lengths.length; document++) {
        for (int start = 0; start < lengths[document]; ) {
          if (room == 0) {
            rows.add(new RowPlan(false));
            room = maxLength;
          }
          int length = Math.min(room, lengths[document] - start);
          rows.get(rows.size() - 1).pieces().add(new Piece(document, start, length));
          start += length;
          room -= length;
        }
      }
      return rows;
    }
  }
}
