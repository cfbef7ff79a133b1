package org.sparklora.text.bpe;

import java.util.Arrays;

/** A growing array of ints. Not thread-safe. */
final class IntBuffer {
  private int[] values = new int[256];
  private int size;

  void clear() {
    size = 0;
  }

  int size() {
    return size;
  }

  void add(int value) {
    ensure(1);
    values[size++] = value;
  }

  void add(int[] source, int from, int to) {
    int count = to - from;
    ensure(count);
    if (count < 8) { // most words; arraycopy costs more than a loop
      for (int i = from; i < to; i++) {
        values[size++] = source[i];
      }
    } else {
      System.arraycopy(source, from, values, size, count);
      size += count;
    }
  }

  int[] toArray() {
    return Arrays.copyOf(values, size);
  }

  private void ensure(int more) {
    if (size + more > values.length) {
      values = Arrays.copyOf(values, Math.max(2 * values.length, size + more));
    }
  }
}
