package org.sparklora.prep.pack;

import java.util.ArrayList;
import java.util.List;

/** No packing: every document is a row, in dataset order. */
public record OneDocumentARow() implements Packer {

  @Override
  public List<RowPlan> plan(int[] lengths) {
    List<RowPlan> rows = new ArrayList<>(lengths.length);
    for (int document = 0; document < lengths.length; document++) {
      if (lengths[document] > 0) {
        RowPlan row = new RowPlan(true);
        row.add(document, 0, lengths[document]);
        rows.add(row);
      }
    }
    return rows;
  }
}
