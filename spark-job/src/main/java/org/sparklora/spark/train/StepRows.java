package org.sparklora.spark.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.PackedBatch;
import org.sparklora.pipeline.table.PackedSequence;

/**
 * The rows that one worker contributes to one optimizer step, in order. Travels as the numbers of
 * {@link #encode}, which every serialiser can write.
 *
 * @param step number of the step, from 0
 * @param firstMicroBatch number of its first micro-batch within the step, over all workers
 * @param normalizer target tokens that the loss is divided by: HF's {@code num_items_in_batch}
 * @param lastOfRound whether the workers are averaged after it
 * @param microBatches the rows of each micro-batch; read-only
 */
public record StepRows(
    int step,
    int firstMicroBatch,
    long normalizer,
    boolean lastOfRound,
    List<List<PackedSequence>> microBatches) {

  /** Tokens that count for the loss in some micro-batches; at least 1, as TRL clamps it. */
  public static long targetTokens(List<List<PackedSequence>> microBatches) {
    return Math.max(
        1, microBatches.stream().flatMap(List::stream).mapToLong(PackedSequence::targets).sum());
  }

  /** One micro-batch as the decoder takes it: all its documents end to end, without padding. */
  PackedBatch batch(int microBatch) {
    return PackedBatch.of(
        microBatches.get(microBatch).stream()
            .map(row -> new PackedBatch.Row(row.inputIds(), row.labels(), row.seqLengths()))
            .toList());
  }

  /**
   * Tokens of a micro-batch if its rows were padded to the longest, as Hugging Face computes on
   * them.
   */
  long paddedTokens(int microBatch) {
    List<PackedSequence> rows = microBatches.get(microBatch);
    return (long) rows.size() * rows.stream().mapToInt(PackedSequence::tokens).max().orElse(0);
  }

  /**
   * Everything as whole numbers: step, first micro-batch, normalizer, 1 if last of its round,
   * micro-batches; for each its rows; for each row its documents, their lengths, its token ids and
   * its labels.
   */
  public int[] encode() {
    Numbers numbers = new Numbers();
    numbers.add(
        step,
        firstMicroBatch,
        Math.toIntExact(normalizer),
        lastOfRound ? 1 : 0,
        microBatches.size());
    for (List<PackedSequence> rows : microBatches) {
      numbers.add(rows.size());
      for (PackedSequence row : rows) {
        numbers.add(row.seqLengths().length);
        numbers.add(row.seqLengths());
        numbers.add(row.inputIds());
        numbers.add(row.labels());
      }
    }
    return Arrays.copyOf(numbers.values, numbers.size);
  }

  /** The rows that {@link #encode} wrote. */
  public static StepRows decode(int[] numbers) {
    Cursor cursor = new Cursor(numbers);
    int step = cursor.next();
    int firstMicroBatch = cursor.next();
    int normalizer = cursor.next();
    boolean lastOfRound = cursor.next() == 1;
    int microBatchCount = cursor.next();
    List<List<PackedSequence>> microBatches = new ArrayList<>();
    for (int batch = 0; batch < microBatchCount; batch++) {
      int rowCount = cursor.next();
      List<PackedSequence> rows = new ArrayList<>();
      for (int r = 0; r < rowCount; r++) {
        int[] lengths = cursor.next(cursor.next());
        int tokens = Arrays.stream(lengths).sum();
        rows.add(new PackedSequence(cursor.next(tokens), cursor.next(tokens), lengths));
      }
      microBatches.add(rows);
    }
    return new StepRows(step, firstMicroBatch, normalizer, lastOfRound, microBatches);
  }

  private static final class Numbers {
    private int[] values = new int[1024];
    private int size;

    void add(int... more) {
      if (size + more.length > values.length) {
        values = Arrays.copyOf(values, Math.max(2 * values.length, size + more.length));
      }
      System.arraycopy(more, 0, values, size, more.length);
      size += more.length;
    }
  }

  private static final class Cursor {
    private final int[] values;
    private int position;

    Cursor(int[] values) {
      this.values = values;
    }

    int next() {
      return values[position++];
    }

    int[] next(int count) {
      position += count;
      return Arrays.copyOfRange(values, position - count, position);
    }
  }
}
