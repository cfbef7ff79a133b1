package org.sparklora.prep.pack;

import java.io.Serializable;
import java.util.List;

/**
 * A packing strategy: assigns pieces of documents to rows, from the lengths of consecutive
 * documents.
 *
 * <p>A strategy sees lengths only, never tokens, so a plan for a million documents is a few
 * megabytes. Stateless and thread-safe.
 */
public sealed interface Packer extends Serializable
    permits BestFitDecreasing, Wrapped, OneDocumentARow {

  /**
   * Lays documents into rows.
   *
   * @param lengths tokens of each document, in dataset order; 0 is an empty document and appears in
   *     no row
   * @return the rows, in output order; no row is empty
   */
  List<RowPlan> plan(int[] lengths);
}
