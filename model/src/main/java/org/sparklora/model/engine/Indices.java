package org.sparklora.model.engine;

/**
 * Row numbers, token ids or positions, kept where an {@link Engine} computes. Made once a pass by
 * {@link Engine#indices}, so that none of its many uses brings them there or looks at each again.
 *
 * <p>Parts share storage with what they were taken from and are valid until that is closed.
 */
public abstract class Indices implements AutoCloseable {
  private final int count;
  private final int bound;

  protected Indices(int count, int bound) {
    this.count = count;
    this.bound = bound;
  }

  /**
   * A number above all of these.
   *
   * @throws IllegalArgumentException if one is negative
   */
  static int boundOf(int[] indices) {
    int largest = -1;
    for (int n = 0; n < indices.length; n++) {
      if (indices[n] < 0) {
        throw new IllegalArgumentException(
            "Cannot use index %s at place %s: none may be negative".formatted(indices[n], n));
      }
      largest = Math.max(largest, indices[n]);
    }
    return Math.addExact(largest, 1);
  }

  /** How many there are. */
  public final int count() {
    return count;
  }

  /** A number above all of them; none is negative. */
  public final int bound() {
    return bound;
  }

  /** Those at the places {@code [from, to)}. */
  public abstract Indices part(int from, int to);

  /** Brings all of them to this process. */
  public abstract int[] toArray();

  /** Frees the storage if these own it. Idempotent. */
  @Override
  public abstract void close();

  @Override
  public String toString() {
    return count + " indices below " + bound;
  }
}
