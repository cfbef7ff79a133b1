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

  /**
   * Adds values of {@code source} from {@code from} on, at most {@code most}, until one below 0.
   */
  void addUntilNegative(int[] source, int from, int most) {
    ensure(most);
    for (int i = from; i < from + most && source[i] >= 0; i++) {
      values[size++] = source[i];
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
