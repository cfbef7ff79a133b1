package org.sparklora.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.engine.Segments;

/**
 * The documents of one micro-batch laid end to end, without padding: the decoder's input. Attention
 * and positions restart at each document.
 *
 * @param tokens token ids, {@code (N)}
 * @param targets for each token the label that its logits are compared with, {@code (N)}: the label
 *     of the next token of the same document, or {@link #NO_TARGET}
 * @param segments the documents; they cover all N tokens
 *     <p>Arrays are read-only and not copied.
 */
public record PackedBatch(int[] tokens, int[] targets, Segments segments) {

  /** In {@code targets}: the token has no loss. */
  public static final int NO_TARGET = -1;

  /** In the labels of a dataset: the token has no loss (PyTorch's {@code ignore_index}). */
  public static final int IGNORED_LABEL = -100;

  public PackedBatch {
    if (tokens.length != targets.length || tokens.length != segments.tokens()) {
      throw new IllegalArgumentException(
          "Cannot pack %s tokens with %s targets and documents of %s tokens: the three must agree"
              .formatted(tokens.length, targets.length, segments.tokens()));
    }
  }

  /**
   * A batch of rows of a table of packed sequences. Labels are shifted as Hugging Face shifts them:
   * the label of token n belongs to the logits of token n − 1, and the label of a document's first
   * token is never used.
   */
  public static PackedBatch of(List<Row> rows) {
    IntStream lengths = rows.stream().flatMapToInt(row -> Arrays.stream(row.seqLengths));
    return new PackedBatch(
        rows.stream().flatMapToInt(Row::tokens).toArray(),
        rows.stream().flatMapToInt(Row::targets).toArray(),
        Segments.ofLengths(lengths.filter(length -> length > 0).toArray()));
  }

  /** N. */
  public int tokenCount() {
    return tokens.length;
  }

  /** The tokens that carry a target, ascending, {@code (M)}. */
  public int[] targetPositions() {
    return IntStream.range(0, targets.length).filter(n -> targets[n] != NO_TARGET).toArray();
  }

  /**
   * One row as the {@code packed} table holds it.
   *
   * @param inputIds token ids; those past the last document are padding and are dropped
   * @param labels one per token; {@link #IGNORED_LABEL} for no loss
   * @param seqLengths the lengths of the row's documents; those of length 0 are left out
   */
  public record Row(int[] inputIds, int[] labels, int[] seqLengths) {

    public Row {
      if (inputIds.length != labels.length) {
        throw new IllegalArgumentException(
            "Cannot use a row of %s input_ids and %s labels: there must be one label a token, -100 for no loss"
                .formatted(inputIds.length, labels.length));
      }
      if (Arrays.stream(seqLengths).anyMatch(length -> length < 0)
          || Arrays.stream(seqLengths).asLongStream().sum() > inputIds.length) {
        throw new IllegalArgumentException(
            "Cannot use a row of %s input_ids with seq_lengths %s: none may be negative, and they must sum to at most the row's length"
                .formatted(inputIds.length, Arrays.toString(seqLengths)));
      }
    }

    /** A row that is one document. */
    public static Row of(int[] inputIds, int[] labels) {
      return new Row(inputIds, labels, new int[] {inputIds.length});
    }

    /** The tokens without padding. */
    private IntStream tokens() {
      return Arrays.stream(inputIds, 0, Arrays.stream(seqLengths).sum());
    }

    private IntStream targets() {
      IntStream.Builder targets = IntStream.builder();
      int first = 0;
      for (int length : seqLengths) {
        for (int n = first + 1; n <= first + length; n++) {
          boolean behind = n == first + length; // no token of the document follows
          targets.add(behind || labels[n] == IGNORED_LABEL ? NO_TARGET : labels[n]);
        }
        first += length;
      }
      return targets.build();
    }
  }
}
