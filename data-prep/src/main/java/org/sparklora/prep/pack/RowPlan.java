package org.sparklora.prep.pack;

/**
 * One row to be assembled: S pieces of documents, end to end.
 *
 * <p>Piece {@code i} is {@code lengths[i]} tokens of document {@code documents[i]}, from token
 * {@code starts[i]} on. Arrays are read-only and not copied.
 *
 * @param documents index of the document among those the plan was made for, (S)
 * @param starts first token taken of the document, (S)
 * @param lengths number of tokens taken, (S)
 * @param bounded whether the model sees each piece as a document; false for {@code wrapped}, whose
 *     rows have no boundaries
 */
public record RowPlan(int[] documents, int[] starts, int[] lengths, boolean bounded) {

  /** Number of tokens in the row, T. */
  public int tokens() {
    int tokens = 0;
    for (int length : lengths) {
      tokens += length;
    }
    return tokens;
  }

  /** The value of the row's {@code seq_lengths} column. */
  public int[] seqLengths() {
    return bounded ? lengths : new int[] {tokens()};
  }
}
