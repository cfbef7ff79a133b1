package org.sparklora.prep.pack;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Queue;
import java.util.TreeMap;
import org.sparklora.prep.pack.RowPlan.Piece;

/**
 * Best-fit decreasing (Ding et al., 2024, "Fewer Truncations Improve Language Modeling"), TRL's
 * {@code bfd} and {@code bfd_split}: longest piece first, each into the open row with the least
 * room that suffices.
 *
 * <p>Rows equal TRL's, in TRL's order: equally long pieces in dataset order; among rows with equal
 * room, the one that reached it first; rows in the order in which they were opened.
 *
 * @param maxLength capacity of a row, in tokens
 * @param splits whether the tokens of a document past {@code maxLength} become further pieces
 *     ({@code bfd_split}); else they are dropped
 */
public record BestFitDecreasing(int maxLength, boolean splits) implements Packer {

  @Override
  public List<RowPlan> plan(int[] lengths) {
    List<RowPlan> rows = new ArrayList<>();
    NavigableMap<Integer, Queue<RowPlan>> open = new TreeMap<>(); // by room
    for (Piece piece : longestFirst(lengths)) {
      Map.Entry<Integer, Queue<RowPlan>> tightest = open.ceilingEntry(piece.length());
      RowPlan row = tightest == null ? new RowPlan(true) : tightest.getValue().remove();
      int room = tightest == null ? maxLength : tightest.getKey();
      if (tightest == null) {
        rows.add(row);
      } else if (tightest.getValue().isEmpty()) {
        open.remove(room);
      }
      row.pieces().add(piece);
      if (room > piece.length()) {
        open.computeIfAbsent(room - piece.length(), left -> new ArrayDeque<>()).add(row);
      }
    }
    return rows;
  }

  /** The pieces of all documents by falling length; equally long ones in dataset order. */
  private List<Piece> longestFirst(int[] lengths) {
    List<Piece> pieces = new ArrayList<>();
    for (int document = 0; document < lengths.length; document++) {
      int end = splits ? lengths[document] : Math.min(lengths[document], maxLength);
      for (int start = 0; start < end; start += maxLength) {
        pieces.add(new Piece(document, start, Math.min(maxLength, end - start)));
      }
    }
    pieces.sort(Comparator.comparingInt(Piece::length).reversed());
    return pieces;
  }
}
