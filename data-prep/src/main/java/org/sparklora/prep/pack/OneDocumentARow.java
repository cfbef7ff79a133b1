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
        rows.add(
            new RowPlan(new int[] {document}, new int[] {0}, new int[] {lengths[document]}, true));
      }
    }
    return rows;
  }
}
