package org.sparklora.model;

import java.util.List;

/** A batch of one document whose every token after the first is a target. */
public final class OneDocument {
  private OneDocument() {}

  public static PackedBatch of(int... tokens) {
    return PackedBatch.of(List.of(PackedBatch.Row.of(tokens, tokens)));
  }
}
