package org.sparklora.train;

import java.util.List;
import java.util.Map;
import org.sparklora.model.PackedBatch;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.pipeline.table.PackedSequence;

/**
 * Rows that are computed together.
 *
 * @param sources names of a mixture's datasets; empty if losses are not told apart by dataset
 */
record MicroBatch(List<PackedSequence> rows, List<String> sources) {

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

  /** The losses by dataset of the targets of {@link #packed}. */
  Map<String, SourceLoss> losses(TokenLogProbs targets) {
    Map<String, SourceLoss> losses = Map.of();
    int end = 0;
    int next = 0;
    for (PackedSequence row : sources.isEmpty() ? List.<PackedSequence>of() : rows) {
      for (int document = 0; document < row.sources().length; document++) {
        end += row.seqLengths()[document];
        int first = next;
        long nll = 0;
        for (; next < targets.count() && targets.positions()[next] < end; next++) {
          nll += SourceLoss.unit(targets.logProbs()[next]);
        }
        if (next > first) {
          SourceLoss loss = new SourceLoss(nll, next - first);
          losses = SourceLoss.sum(losses, Map.of(sources.get(row.sources()[document]), loss));
        }
      }
    }
    return losses;
  }
}
