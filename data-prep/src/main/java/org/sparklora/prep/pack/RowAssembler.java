package org.sparklora.prep.pack;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.tokenize.TokenizedDocument;

/** Carries out a {@link Packer}'s plan: copies pieces of documents into rows. Stateless. */
public final class RowAssembler {

  private RowAssembler() {}

  /**
   * Packs consecutive documents and passes on the rows in order, one at a time.
   *
   * @param documents the documents, in dataset order
   * @param sources the number of each document's dataset in a mixture; empty without one
   */
  public static void pack(
      Packer packer,
      List<TokenizedDocument> documents,
      int[] sources,
      Consumer<PackedSequence> rows) {
    int[] lengths = documents.stream().mapToInt(TokenizedDocument::tokens).toArray();
    for (RowPlan plan : packer.plan(lengths)) {
      rows.accept(assemble(plan, documents, sources));
    }
  }

  private static PackedSequence assemble(
      RowPlan plan, List<TokenizedDocument> documents, int[] sources) {
    int[] inputIds = new int[plan.tokens()];
    int[] labels = new int[inputIds.length];
    int position = 0;
    for (int piece = 0; piece < plan.size(); piece++) {
      TokenizedDocument document = documents.get(plan.document(piece));
      int start = plan.start(piece);
      int length = plan.length(piece);
      System.arraycopy(document.inputIds(), start, inputIds, position, length);
      System.arraycopy(document.labels(), start, labels, position, length);
      position += length;
    }
    int[] seqLengths = plan.seqLengths();
    int[] ofRow =
        IntStream.range(0, sources.length == 0 ? 0 : seqLengths.length)
            .map(piece -> sources[plan.document(piece)])
            .toArray();
    return new PackedSequence(inputIds, labels, seqLengths, ofRow);
  }
}
