package org.sparklora.train;

import java.util.List;
import org.sparklora.model.PackedBatch;
import org.sparklora.pipeline.table.PackedSequence;

/** Rows that are computed together. */
record MicroBatch(List<PackedSequence> rows) {

  /** The decoder's input: all documents end to end, without padding. */
  PackedBatch packed() {
    return PackedBatch.of(
        rows.stream()
            .map(row -> new PackedBatch.Row(row.inputIds(), row.labels(), row.seqLengths()))
            .toList());
  }

  /** Tokens with rows padded to the longest, as Hugging Face computes on them. */
  long paddedTokens() {
    return (long) rows.size() * rows.stream().mapToInt(PackedSequence::tokens).max().orElse(0);
  }

  /** Tokens that count for the loss; at least 1, as TRL clamps it. */
  long targetTokens() {
    return Math.max(1, rows.stream().mapToLong(PackedSequence::targets).sum());
  }
}
