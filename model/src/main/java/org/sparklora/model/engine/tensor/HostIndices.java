package org.sparklora.model.engine.tensor;

import java.util.Arrays;
import java.util.Objects;

/** Indices on the Java heap, for engines that compute in this process. */
public final class HostIndices extends Indices {
  private final int[] values;
  private final int start;

  /** Indices over an array, which is not copied. */
  public HostIndices(int[] values, int bound) {
    this(values, 0, values.length, bound);
  }

  private HostIndices(int[] values, int start, int count, int bound) {
    super(count, bound);
    this.values = values;
    this.start = start;
  }

  public int at(int n) {
    return values[start + n];
  }

  public void set(int n, int value) {
    values[start + n] = value;
  }

  @Override
  public HostIndices part(int from, int to) {
    Objects.checkFromToIndex(from, to, count());
    return new HostIndices(values, start + from, to - from, bound());
  }

  @Override
  public int[] toArray() {
    return Arrays.copyOfRange(values, start, start + count());
  }
}
