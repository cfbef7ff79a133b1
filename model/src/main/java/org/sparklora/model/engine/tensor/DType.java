package org.sparklora.model.engine.tensor;

/** How the elements of a {@link Tensor} are stored. Sums are float32 or wider. */
public enum DType {
  FLOAT32("F32", 4),
  /** The upper half of a float32: frozen weights, operands of products, kept activations. */
  BFLOAT16("BF16", 2),
  /** IEEE half precision; a storage format of checkpoints, widened when loaded. */
  FLOAT16("F16", 2),
  /** Four bits, and a scale for each block of elements; only {@link Nf4Tensor} is stored so. */
  NF4("NF4", 0);

  private final String safetensorsName;
  private final int bytes;

  DType(String safetensorsName, int bytes) {
    this.safetensorsName = safetensorsName;
    this.bytes = bytes;
  }

  /** The name in a safetensors header: {@code F32}, {@code BF16}, {@code F16}. */
  public String safetensorsName() {
    return safetensorsName;
  }

  /** Bytes per element; 0 for {@link #NF4}, whose elements take less than a byte. */
  public int bytes() {
    return bytes;
  }

  /** Bytes of a tensor of {@code size} elements. */
  public long bytes(long size) {
    return this == NF4 ? Nf4Tensor.bytesOf(size) : size * bytes;
  }
}
