package org.sparklora.prep.pack;

import java.util.ArrayList;
import java.util.List;

/**
 * TRL's {@code wrapped}: all documents end to end, cut every {@code maxLength} tokens. The last row
 * has the remainder.
 *
 * <p>Documents are cut anywhere and share rows without a boundary between them, as in pre-training.
 */
public record Wrapped(int maxLength) implements Packer {

  public Wrapped {
    RowPlan.requireRoom(maxLength);
  }

  @Override
  public List<RowPlan> plan(int[] lengths) {
    List<RowPlan> rows = new ArrayList<>();
    RowPlan row = new RowPlan(false);
    int room = maxLength;
    for (int document = 0; document < lengths.length; document++) {
      for (int start = 0; start < lengths[document]; ) {
        int length = Math.min(room, lengths[document] - start);
        row.add(document, start, length);
        start += length;
        room -= length;
        if (room == 0) {
          rows.add(row);
          row = new RowPlan(false);
          room = maxLength;
        }
      }
    }
    if (room < maxLength) {
      rows.add(row);
    }
    return rows;
  }
}
