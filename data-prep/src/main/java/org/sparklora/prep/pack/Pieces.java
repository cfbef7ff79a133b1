package org.sparklora.prep.pack;

import java.util.Arrays;

/**
 * A growing list of document pieces: (document, start, length) triples without an object for each.
 * Not thread-safe.
 */
final class Pieces {
  private int[] documents = new int[4];
  private int[] starts = new int[4];
  private int[] lengths = new int[4];
  private int size;

  static void requireRoom(int maxLength) {
    if (maxLength < 1) {
      throw new IllegalArgumentException(
          "Cannot pack into rows of " + maxLength + " tokens: max_length must be at least 1");
    }
  }

  void add(int document, int start, int length) {
    if (size == documents.length) {
      documents = Arrays.copyOf(documents, 2 * size);
      starts = Arrays.copyOf(starts, 2 * size);
      lengths = Arrays.copyOf(lengths, 2 * size);
    }
    documents[size] = document;
    starts[size] = start;
    lengths[size] = length;
    size++;
  }

  int size() {
    return size;
  }

  int document(int piece) {
    return documents[piece];
  }

  int start(int piece) {
    return starts[piece];
  }

  int length(int piece) {
    return lengths[piece];
  }

  RowPlan toRow(boolean bounded) {
    return new RowPlan(
        Arrays.copyOf(documents, size),
        Arrays.copyOf(starts, size),
        Arrays.copyOf(lengths, size),
        bounded);
  }
}
