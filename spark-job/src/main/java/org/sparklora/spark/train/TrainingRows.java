package org.sparklora.spark.train;

import java.util.List;
import org.sparklora.pipeline.table.PackedSequence;

/** The rows that are trained on, by number. Implementations are thread-safe. */
public interface TrainingRows {

  /** How many there are. */
  int count();

  /** Row number {@code index}, from 0. */
  PackedSequence row(int index);

  /** Rows that are all in memory. */
  static TrainingRows of(List<PackedSequence> rows) {
    List<PackedSequence> copy = List.copyOf(rows);
    return new TrainingRows() {
      @Override
      public int count() {
        return copy.size();
      }

      @Override
      public PackedSequence row(int index) {
        return copy.get(index);
      }
    };
  }
}
