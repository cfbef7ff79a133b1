package org.sparklora.prep.pack;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Best-fit decreasing (Ding et al., 2024, "Fewer Truncations Improve Language Modeling"), TRL's
 * {@code bfd} and {@code bfd_split}: longest piece first, each into the open row with the least
 * room that suffices.
 *
 * <p>Rows equal TRL's, in TRL's order: equally long pieces in dataset order; among rows with equal
 * room, the one that reached it first; rows in the order in which they were opened.
 *
 * <p>O(n + maxLength) for sorting (by counting) and one search in a bit set of {@code maxLength}
 * bits per piece.
 *
 * @param maxLength capacity of a row, in tokens
 * @param overflow treatment of a document longer than a row
 */
public record BestFitDecreasing(int maxLength, Overflow overflow) implements Packer {

  /**
   * {@code TRUNCATE} (bfd) drops the tokens past {@code maxLength}; {@code SPLIT} (bfd_split) packs
   * them as further pieces.
   */
  public enum Overflow {
    TRUNCATE,
    SPLIT
  }

  private static final int NONE = -1;

  public BestFitDecreasing {
    RowPlan.requireRoom(maxLength);
  }

  @Override
  public List<RowPlan> plan(int[] lengths) {
    RowPlan pieces = cut(lengths);
    int[] order = longestFirst(pieces);
    OpenRows open = new OpenRows(maxLength, pieces.size());
    List<RowPlan> rows = new ArrayList<>();
    for (int piece : order) {
      int length = pieces.length(piece);
      int row = open.takeTightest(length);
      if (row == NONE) {
        row = rows.size();
        rows.add(new RowPlan(true));
        open.put(row, maxLength - length);
      }
      rows.get(row).add(pieces.document(piece), pieces.start(piece), length);
    }
    return rows;
  }

  /** The pieces of all documents, in order, as one row of any length. */
  private RowPlan cut(int[] lengths) {
    RowPlan pieces = new RowPlan(true);
    for (int document = 0; document < lengths.length; document++) {
      int end =
          overflow == Overflow.TRUNCATE
              ? Math.min(lengths[document], maxLength)
              : lengths[document];
      for (int start = 0; start < end; start += maxLength) {
        pieces.add(document, start, Math.min(maxLength, end - start));
      }
    }
    return pieces;
  }

  /** Indices of the pieces by falling length; a counting sort, because it is stable. */
  private int[] longestFirst(RowPlan pieces) {
    int[] next = new int[maxLength + 2]; // next[l]: where the next piece of length l goes
    for (int piece = 0; piece < pieces.size(); piece++) {
      next[pieces.length(piece)]++;
    }
    for (int length = maxLength, position = 0; length >= 0; length--) {
      int count = next[length];
      next[length] = position;
      position += count;
    }
    int[] order = new int[pieces.size()];
    for (int piece = 0; piece < pieces.size(); piece++) {
      order[next[pieces.length(piece)]++] = piece;
    }
    return order;
  }

  /** The rows that still have room: a first-in-first-out queue of rows for each amount of room. */
  private static final class OpenRows {
    private final BitSet occupied; // bit r: some row has exactly r tokens of room
    private final int[] first; // by room: head of its queue
    private final int[] last; // by room: tail of its queue
    private final int[] next; // by row: its successor in the queue

    OpenRows(int maxLength, int maxRows) {
      occupied = new BitSet(maxLength + 1);
      first = new int[maxLength + 1];
      last = new int[maxLength + 1];
      next = new int[maxRows];
      Arrays.fill(first, NONE);
    }

    /**
     * Takes {@code length} tokens from the row with the least sufficient room and returns the row,
     * or NONE.
     */
    int takeTightest(int length) {
      int room = occupied.nextSetBit(length);
      if (room < 0) {
        return NONE;
      }
      int row = first[room];
      first[room] = next[row];
      if (first[room] == NONE) {
        occupied.clear(room);
      }
      put(row, room - length);
      return row;
    }

    void put(int row, int room) {
      if (room == 0) {
        return; // full row
      }
      next[row] = NONE;
      if (first[room] == NONE) {
        first[room] = row;
        occupied.set(room);
      } else {
        next[last[room]] = row;
      }
      last[room] = row;
    }
  }
}
