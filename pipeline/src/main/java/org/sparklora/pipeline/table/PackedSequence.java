package org.sparklora.pipeline.table;

import java.io.Serializable;

/**
 * One row of the {@code packed} table: one or more documents laid end to end in one training row.
 * Written by {@code prep}, read by {@code sft}. Format version 1.
 *
 * <pre>
 * column       type        meaning
 * input_ids    list&lt;int&gt;   token ids, (T); no padding
 * labels       list&lt;int&gt;   (T); the token id where the token counts for the loss, else -100
 * seq_lengths  list&lt;int&gt;   length of each document, in tokens; their sum is T
 * sources      list&lt;int&gt;   of a mixture: for each document the number of its dataset, from 0
 * </pre>
 *
 * <p>Labels are not shifted: {@code labels[i]} belongs to {@code inputIds[i]}, as in TRL and
 * transformers. Rows packed by {@code wrapped} do not record documents: their only length is the
 * row's.
 *
 * <p>Arrays are read-only and not copied, so equality is identity. Kryo 4 cannot write records: an
 * RDD of packed sequences needs the Java serialiser, or must stay an RDD of rows.
 *
 * @param sources one for each document, or empty: the table has no such column
 */
public record PackedSequence(int[] inputIds, int[] labels, int[] seqLengths, int[] sources)
    implements Serializable {
  /** The label of a token that does not count for the loss; PyTorch's {@code ignore_index}. */
  public static final int NO_LOSS = -100;

  /** A row of a table that is no mixture. */
  public PackedSequence(int[] inputIds, int[] labels, int[] seqLengths) {
    this(inputIds, labels, seqLengths, new int[0]);
  }

  /**
   * Checks that the columns of the row agree.
   *
   * @throws TableException when the columns contradict one another
   */
  public PackedSequence {
    if (labels.length != inputIds.length) {
      throw broken(
          "labels has %s entries for %s input_ids".formatted(labels.length, inputIds.length));
    }
    if (sources.length != 0 && sources.length != seqLengths.length) {
      throw broken(
          "sources has %s entries for %s seq_lengths".formatted(sources.length, seqLengths.length));
    }
    long sum = 0;
    for (int length : seqLengths) {
      if (length <= 0) {
        throw broken("seq_lengths holds %s".formatted(length));
      }
      sum += length;
    }
    if (sum != inputIds.length) {
      throw broken("seq_lengths adds up to %s for %s input_ids".formatted(sum, inputIds.length));
    }
  }

  /** Number of tokens, T. */
  public int tokens() {
    return inputIds.length;
  }

  /**
   * Number of tokens that count for the loss: labels other than -100, except each document's first,
   * which no token predicts.
   */
  public int targets() {
    int targets = 0;
    int start = 0;
    for (int length : seqLengths) {
      for (int i = start + 1; i < start + length; i++) {
        targets += labels[i] == NO_LOSS ? 0 : 1;
      }
      start += length;
    }
    return targets;
  }

  private static TableException broken(String what) {
    return new TableException(
        "Cannot read packed row: " + what + "; the table was cut or edited, run prep again");
  }
}
