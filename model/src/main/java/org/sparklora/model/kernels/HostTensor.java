package org.sparklora.model.kernels;

import java.util.Objects;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/**
 * A tensor in this process's memory outside the Java heap, where native gemm can read it uncopied.
 */
final class HostTensor extends Tensor {
  private final Pointer owner; // keeps the memory alive; freed by close() when this tensor owns it
  private final boolean owned;
  private final long address;

  private HostTensor(Pointer owner, boolean owned, long address, DType dtype, long... shape) {
    super(dtype, shape);
    this.owner = owner;
    this.owned = owned;
    this.address = address;
  }

  /** New memory, all zeros. */
  static HostTensor allocate(DType dtype, long... shape) {
    long bytes = dtype.bytes();
    for (long dimension : shape) {
      bytes = Math.multiplyExact(bytes, dimension);
    }
    // calloc hands out untouched pages: a large buffer costs memory only where it is used
    Pointer memory = Pointer.calloc(1, Math.max(bytes, 1));
    if (memory == null || memory.isNull()) {
      throw new OutOfMemoryError(
          "Cannot allocate %,d bytes outside the Java heap for a tensor of shape %s; lower the batch or row length, or give the process more memory"
              .formatted(bytes, shapeText(shape)));
    }
    return new HostTensor(memory, true, memory.address(), dtype, shape);
  }

  /** Memory of someone else, who keeps it alive as long as {@code pointer} is reachable. */
  static HostTensor wrap(Pointer pointer, long byteOffset, DType dtype, long... shape) {
    return new HostTensor(pointer, false, pointer.address() + byteOffset, dtype, shape);
  }

  /** A pointer to the first element, of the elements' type. */
  Pointer elements() {
    return dtype() == DType.FLOAT32 ? floats() : shorts();
  }

  /** Where the first element lies, for native calls; they check nothing. */
  long address() {
    checkOpen();
    return address;
  }

  /** A pointer to the first element, for native calls. */
  FloatPointer floats() {
    return new FloatPointer(bytes());
  }

  private ShortPointer shorts() {
    return new ShortPointer(bytes());
  }

  private BytePointer bytes() {
    long start = address;
    return new BytePointer(owner) {
      {
        this.address = start;
        this.position = 0;
        this.limit = size() * dtype().bytes();
        this.capacity = this.limit;
      }
    };
  }

  @Override
  public Tensor view(long offset, long... shape) {
    HostTensor view =
        new HostTensor(owner, false, address + offset * dtype().bytes(), dtype(), shape);
    if (offset < 0 || offset + view.size() > size()) {
      throw new IndexOutOfBoundsException(
          "Cannot take %s at element %d of %s".formatted(shapeText(shape), offset, this));
    }
    return view;
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    checkRange(offset, count);
    Objects.checkFromIndexSize(from, count, destination.length);
    if (dtype() == DType.FLOAT32) {
      floats().position(offset).get(destination, from, count);
      return;
    }
    short[] stored = new short[count];
    shorts().position(offset).get(stored);
    for (int i = 0; i < count; i++) {
      destination[from + i] = widen(stored[i]);
    }
  }

  /**
   * The stored bits of elements {@code [offset, offset + count)} of a tensor of two-byte elements.
   */
  void readBits(long offset, short[] destination, int count) {
    checkRange(offset, count);
    Objects.checkFromIndexSize(0, count, destination.length);
    shorts().position(offset).get(destination, 0, count);
  }

  private float widen(short bits) {
    return dtype() == DType.BFLOAT16 ? Bfloat16.toFloat(bits) : Float16.toFloat(bits);
  }

  @Override
  public void write(long offset, float[] source, int from, int count) {
    checkRange(offset, count);
    Objects.checkFromIndexSize(from, count, source.length);
    switch (dtype()) {
      case FLOAT32 -> floats().position(offset).put(source, from, count);
      case BFLOAT16 -> {
        short[] rounded = new short[count];
        for (int i = 0; i < count; i++) {
          rounded[i] = Bfloat16.fromFloat(source[from + i]);
        }
        shorts().position(offset).put(rounded);
      }
      case FLOAT16 -> throw new IllegalArgumentException("Cannot write float32 into " + this);
    }
  }

  private void checkRange(long offset, long count) {
    checkOpen();
    if (offset < 0 || count < 0 || offset + count > size()) {
      throw new IndexOutOfBoundsException(
          "Cannot reach elements %d to %d of %s".formatted(offset, offset + count, this));
    }
  }

  private void checkOpen() {
    if (owner.isNull()) {
      throw new IllegalStateException(
          "Cannot use %s: its memory was freed by close()".formatted(this));
    }
  }

  @Override
  public void close() {
    if (owned && !owner.isNull()) {
      Pointer.free(owner);
      owner.setNull();
    }
  }
}
