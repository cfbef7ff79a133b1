package org.sparklora.prep.pack;

import java.util.List;
import java.util.function.Consumer;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.tokenize.TokenizedDocument;

/** Carries out a {@link Packer}'s plan: copies pieces of documents into rows. Stateless. */
public final class RowAssembler {

  private RowAssembler() {}

  /**
   * Packs consecutive documents and passes on the rows in order, one at a time.
   *
   * @param documents the documents, in dataset order
   */
  public static void pack(
      Packer packer, List<TokenizedDocument> documents, Consumer<PackedSequence> rows) {
    int[] lengths = documents.stream().mapToInt(TokenizedDocument::tokens).toArray();
    for (RowPlan plan : packer.plan(lengths)) {
      rows.accept(assemble(plan, documents));
    }
  }

  private static PackedSequence assemble(RowPlan plan, List<TokenizedDocument> documents) {
    int[] inputIds = new int[plan.tokens()];
    int[] labels = new int[inputIds.length];
    int position = 0;
    for (int piece = 0; piece < plan.documents().length; piece++) {
      TokenizedDocument document = documents.get(plan.documents()[piece]);
      int start = plan.starts()[piece];
      int length = plan.lengths()[piece];
      System.arraycopy(document.inputIds(), start, inputIds, position, length);
      System.arraycopy(document.labels(), start, labels, position, length);
      position += length;
    }
    return new PackedSequence(inputIds, labels, plan.seqLengths());
  }
}
