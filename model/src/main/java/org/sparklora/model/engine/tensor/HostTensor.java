package org.sparklora.model.engine.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.Objects;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.ShortPointer;

/** A tensor in host memory outside the Java heap, which native gemm reads without a copy. */
public final class HostTensor extends Tensor {
  /** Bytes of a window: a whole number of elements of every type. */
  private static final long WINDOW_BYTES = Integer.MAX_VALUE - 7;

  /** Elements that are copied at a time: they fit a window in every type. */
  private static final int PIECE = 1 << 28;

  private final Pointer owner; // of the memory; its address is null once that is freed
  private final Optional<NativeMemory> owned; // the memory that close() frees
  private final long address;
  private final Window window;

  private HostTensor(
      Pointer owner,
      Optional<NativeMemory> owned,
      long address,
      Window window,
      DType dtype,
      long... shape) {
    super(dtype, shape);
    this.owner = owner;
    this.owned = owned;
    this.address = address;
    this.window = window;
  }

  /**
   * The first 2 GiB of a piece of memory as Java's buffers see them, which copy small parts many
   * times faster than calls of the native interface do. Shared by all views of the memory.
   */
  private record Window(long address, FloatBuffer floats, ShortBuffer shorts) {
    static Window on(Pointer owner, long address, long bytes) {
      ByteBuffer buffer = bytes(owner, address, Math.min(bytes, WINDOW_BYTES)).asByteBuffer();
      buffer.order(ByteOrder.nativeOrder());
      return new Window(address, buffer.asFloatBuffer(), buffer.asShortBuffer());
    }

    /** The index of an element at an address in the buffer of its type. */
    int index(long address, DType dtype) {
      return (int) ((address - this.address) / dtype.bytes());
    }
  }

  /** New memory, all zeros. */
  public static HostTensor allocate(DType dtype, long... shape) {
    long bytes = Math.multiplyExact(sizeOf(shape), (long) dtype.bytes());
    return owning(NativeMemory.zeros(bytes), dtype, shape);
  }

  /** A tensor that takes ownership of memory: close() frees it. */
  public static HostTensor owning(NativeMemory memory, DType dtype, long... shape) {
    Pointer pointer = memory.pointer();
    Window window = Window.on(pointer, pointer.address(), sizeOf(shape) * dtype.bytes());
    return new HostTensor(pointer, Optional.of(memory), pointer.address(), window, dtype, shape);
  }

  /** A tensor over memory that it does not own, valid as long as {@code pointer} is reachable. */
  public static HostTensor wrap(Pointer pointer, long byteOffset, DType dtype, long... shape) {
    long address = pointer.address() + byteOffset;
    Window window = Window.on(pointer, address, sizeOf(shape) * dtype.bytes());
    return new HostTensor(pointer, Optional.empty(), address, window, dtype, shape);
  }

  /** A pointer to the first element, of the elements' type. */
  public Pointer elements() {
    BytePointer bytes = bytes(owner, address, bytes());
    return dtype() == DType.FLOAT32 ? new FloatPointer(bytes) : new ShortPointer(bytes);
  }

  /** The address of the first element, for native calls, which check no bounds. */
  public long address() {
    checkOpen();
    return address;
  }

  private static BytePointer bytes(Pointer owner, long start, long size) {
    return new BytePointer(owner) {
      {
        this.address = start;
        this.position = 0;
        this.limit = size;
        this.capacity = size;
      }
    };
  }

  @Override
  protected Tensor viewAt(long offset, long... shape) {
    return new HostTensor(owner, Optional.empty(), address(offset), window, dtype(), shape);
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    if (count > PIECE) {
      read(offset, destination, from, PIECE);
      read(offset + PIECE, destination, from + PIECE, count - PIECE);
      return;
    }
    Window at = windowOn(offset, from, count, destination.length);
    if (dtype() == DType.FLOAT32) {
      at.floats.get(at.index(address(offset), dtype()), destination, from, count);
      return;
    }
    short[] stored = new short[count];
    readBits(offset, stored, 0, count);
    for (int i = 0; i < count; i++) {
      destination[from + i] =
          dtype() == DType.BFLOAT16 ? Bfloat16.toFloat(stored[i]) : Float16.toFloat(stored[i]);
    }
  }

  /** The stored bits of two-byte elements {@code [offset, offset + count)}. */
  public void readBits(long offset, short[] destination, int from, int count) {
    Window at = windowOn(offset, from, count, destination.length);
    at.shorts.get(at.index(address(offset), dtype()), destination, from, count);
  }

  /** Stores the bits of two-byte elements {@code [offset, offset + count)}. */
  public void writeBits(long offset, short[] source, int from, int count) {
    Window at = windowOn(offset, from, count, source.length);
    at.shorts.put(at.index(address(offset), dtype()), source, from, count);
  }

  private long address(long offset) {
    return address + offset * dtype().bytes();
  }

  /**
   * Checks that {@code count} elements exist from {@code offset} in the tensor and from {@code
   * from} in an array of {@code length}; returns the shared window, or one for elements beyond it.
   */
  private Window windowOn(long offset, int from, int count, int length) {
    checkOpen();
    checkRange(offset, count);
    Objects.checkFromIndexSize(from, count, length);
    boolean beyond = address(offset + count) - window.address > WINDOW_BYTES;
    return beyond ? Window.on(owner, address(offset), (long) count * dtype().bytes()) : window;
  }

  @Override
  public void write(long offset, float[] source, int from, int count) {
    if (count > PIECE) {
      write(offset, source, from, PIECE);
      write(offset + PIECE, source, from + PIECE, count - PIECE);
      return;
    }
    Window at = windowOn(offset, from, count, source.length);
    switch (dtype()) {
      case FLOAT32 -> at.floats.put(at.index(address(offset), dtype()), source, from, count);
      case BFLOAT16 -> {
        short[] rounded = new short[count];
        for (int i = 0; i < count; i++) {
          rounded[i] = Bfloat16.fromFloat(source[from + i]);
        }
        writeBits(offset, rounded, 0, count);
      }
      case FLOAT16, NF4 -> throw new IllegalArgumentException("Cannot write float32 into " + this);
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
    owned.ifPresent(NativeMemory::close);
  }
}
