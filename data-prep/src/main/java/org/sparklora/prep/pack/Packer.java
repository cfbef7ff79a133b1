package org.sparklora.prep.pack;

import java.io.Serializable;
import java.util.List;
import java.util.function.Consumer;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.tokenize.TokenizedDocument;

/**
 * A packing strategy: assigns pieces of documents to rows, from the lengths of consecutive
 * documents.
 *
 * <p>A plan sees lengths only, never tokens, so that for a million documents it is a few megabytes.
 * Stateless and thread-safe.
 */
public sealed interface Packer extends Serializable
    permits BestFitDecreasing, Wrapped, OneDocumentARow {

  /**
   * Lays documents into rows.
   *
   * @param lengths tokens of each document, in dataset order; 0 is an empty document and appears in
   *     no row
   * @return the rows, in output order; no row is empty
   */
  List<RowPlan> plan(int[] lengths);

  /**
   * Packs consecutive documents and passes on the rows in order, one at a time.
   *
   * @param documents the documents, in dataset order
   * @param sources the number of each document's dataset in a mixture; empty without one
   */
  default void pack(
      List<TokenizedDocument> documents, int[] sources, Consumer<PackedSequence> rows) {
    int[] lengths = documents.stream().mapToInt(TokenizedDocument::tokens).toArray();
    plan(lengths).forEach(plan -> rows.accept(plan.assembled(documents, sources)));
  }
}
