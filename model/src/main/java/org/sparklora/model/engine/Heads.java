package org.sparklora.model.engine;

/** How the columns of q, k and v divide into heads: H, K and D. */
public record Heads(int query, int keyValue, int size) {
  public Heads {
    if (query < 1 || keyValue < 1 || size < 1 || query % keyValue != 0) {
      throw new IllegalArgumentException(
          "Cannot attend with %d query heads over %d key/value heads of size %d: the first must be a multiple of the second"
              .formatted(query, keyValue, size));
    }
  }
}
