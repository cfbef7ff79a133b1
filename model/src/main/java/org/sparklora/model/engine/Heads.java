package org.sparklora.model.engine;

/** How the columns of q divide into H query heads, those of k and v into K heads, of size D. */
public record Heads(int query, int keyValue, int size) {
  public Heads {
    if (query < 1 || keyValue < 1 || size < 1 || query % keyValue != 0) {
      throw new IllegalArgumentException(
          "Cannot attend with %s query heads over %s key/value heads of size %s: the first must be a multiple of the second"
              .formatted(query, keyValue, size));
    }
  }

  /** H·D, the columns of q. */
  public int queryWidth() {
    return Math.multiplyExact(query, size);
  }

  /** K·D, the columns of k and v. */
  public int keyValueWidth() {
    return Math.multiplyExact(keyValue, size);
  }
}
