package org.sparklora.train;

import java.util.List;
import org.sparklora.pipeline.table.PackedSequence;

/** Rows of no table, which only this JVM knows. */
public final class RowsInMemory {
  private RowsInMemory() {}

  public static TrainingRows of(List<PackedSequence> rows) {
    return TrainingRows.of(rows, Integer.MAX_VALUE);
  }
}
