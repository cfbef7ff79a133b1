package org.sparklora.model.engine.tensor;

/**
 * Row numbers, token ids or positions in an {@code Engine}'s memory. {@code Engine.indices} makes
 * them once per pass, so that none of their many uses transfers or checks them again.
 *
 * <p>Parts share storage with their source and are valid until it is closed.
 */
public abstract class Indices implements AutoCloseable {
  private final int count;
  private final int bound;

  protected Indices(int count, int bound) {
    this.count = count;
    this.bound = bound;
  }

  /**
   * The largest of {@code indices} + 1.
   *
   * @throws IllegalArgumentException if an index is negative
   */
  public static int boundOf(int[] indices) {
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

  public final int count() {
    return count;
  }

  /** A number larger than every index; no index is negative. */
  public final int bound() {
    return bound;
  }

  /** The indices at the places {@code [from, to)}. */
  public abstract Indices part(int from, int to);

  /** Copies all indices to this process. */
  public abstract int[] toArray();

  /** Frees the storage if this object owns it. Idempotent. */
  @Override
  public void close() {
    // the garbage collector frees indices on the Java heap
  }

  @Override
  public String toString() {
    return count + " indices below " + bound;
  }
}
