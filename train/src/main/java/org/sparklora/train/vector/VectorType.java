package org.sparklora.train.vector;

import org.sparklora.model.engine.tensor.DType;

/**
 * How a {@link FlatVector} stores its numbers, and sends them. Arithmetic is float32 throughout.
 */
public enum VectorType {
  FLOAT32(Float.SIZE),
  /** The upper half of a float32. */
  BFLOAT16(Short.SIZE),
  /** Integers from -127 to 127, times a scale for each block. */
  INT8(Byte.SIZE),
  /** Integers from -7 to 7, times a scale for each block. */
  INT4(4);

  /** Number of elements of a block-scaled type that share a scale. */
  static final int BLOCK = 128;

  private final int bits;

  VectorType(int bits) {
    this.bits = bits;
  }

  /** Whether elements are integers that are scaled by block. */
  public boolean isBlockScaled() {
    return bits <= Byte.SIZE;
  }

  /** Number of neighbouring elements that are stored together. */
  public int block() {
    return isBlockScaled() ? BLOCK : 1;
  }

  /** Bytes of a vector; of a block-scaled type with the scales, a float32 each. */
  public long bytes(long size) {
    long elements = (size * bits + Byte.SIZE - 1) / Byte.SIZE;
    return isBlockScaled() ? elements + Float.BYTES * ((size + BLOCK - 1) / BLOCK) : elements;
  }

  int bits() {
    return bits;
  }

  /** The largest integer of a block-scaled type. */
  int largest() {
    return (1 << (bits - 1)) - 1;
  }

  /** The engine's type; there is none for block-scaled types. */
  DType dtype() {
    return DType.valueOf(name());
  }
}
