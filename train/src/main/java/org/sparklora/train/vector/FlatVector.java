package org.sparklora.train.vector;

import com.esotericsoftware.kryo.DefaultSerializer;
import com.esotericsoftware.kryo.serializers.ExternalizableSerializer;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A serialisable vector outside the Java heap: parameters sent to executors, gradient sums sent
 * back; float32, or another {@link VectorType} to be shorter. {@link #on} a device it keeps a copy,
 * which is written back when host memory is read. The serialised form is the number of elements,
 * the type and the bytes, in this machine's order.
 *
 * <p>The code that makes or receives a vector closes it. Spark closes a broadcast vector when it
 * removes the block. The garbage collector frees and counts vectors that a failed job drops: see
 * {@link #abandoned}. Not thread-safe.
 */
@DefaultSerializer(ExternalizableSerializer.class) // Kryo's, which writes the same form
public final class FlatVector implements Externalizable, AutoCloseable {
  private static final long serialVersionUID = 5L;
  private static final int CHUNK_BYTES = 1 << 16; // G1 gives larger arrays regions of their own
  private static final Cleaner ABANDONED = Cleaner.create();
  private static final AtomicInteger ABANDONED_COUNT = new AtomicInteger();

  private NativeMemory memory = NativeMemory.zeros(0);
  private VectorType type = VectorType.FLOAT32;
  private long size;
  private boolean handedOver;
  private boolean isZeros; // false once anything may have written to the memory
  private final EngineCopy onEngine = new EngineCopy();

  /** For serialisers only. */
  public FlatVector() {}

  /** A vector of {@code size} zeros. */
  public FlatVector(long size) {
    this(size, VectorType.FLOAT32);
    isZeros = true;
  }

  private FlatVector(long size, VectorType type) {
    allocate(size, type);
  }

  /** A vector over {@code size} floats of the caller, who frees them after closing this vector. */
  public static FlatVector over(Pointer floats, long size) {
    FlatVector vector = new FlatVector();
    vector.size = size;
    vector.memory = NativeMemory.borrowed(floats, size * Float.BYTES);
    return vector;
  }

  /** Calls {@link #over} for floats that are all zero. */
  public static FlatVector overZeros(Pointer floats, long size) {
    FlatVector vector = over(floats, size);
    vector.isZeros = true;
    return vector;
  }

  /**
   * A read-only part of this vector's current numbers, valid as long as this vector.
   *
   * @param from a multiple of {@link VectorType#block}
   */
  public FlatVector part(long from, long size) {
    FlatVector part = new FlatVector();
    part.type = type;
    part.size = size;
    Pointer first = new BytePointer(numbers()).getPointer(type.bytes(from));
    part.memory = NativeMemory.borrowed(first, type.bytes(size));
    return part;
  }

  /** The address of float {@code index} after {@code floats}. */
  public static Pointer at(Pointer floats, long index) {
    return new BytePointer(floats).getPointer(index * Float.BYTES);
  }

  /** A copy in float32. */
  public FlatVector copy() {
    return copy(VectorType.FLOAT32, Dither.NONE);
  }

  /**
   * A copy in a type; bfloat16 is rounded to nearest. One of the two types is float32, or both are
   * the same.
   *
   * @param dither rounds block-scaled types at random
   * @throws ArithmeticException if a block-scaled type is asked for and a number is not finite
   */
  public FlatVector copy(VectorType other, Dither dither) {
    FlatVector copy = new FlatVector(size, other);
    try {
      copy(this, copy, dither);
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  private static void copy(FlatVector from, FlatVector to, Dither dither) {
    if (from.type == to.type) {
      Pointer.memcpy(to.pointer(), from.numbers(), from.memory.bytes());
    } else if (from.type.isBlockScaled()) {
      BlockScaled.decode(from.numbers(), from.size, from.type, to.pointer());
    } else if (to.type.isBlockScaled()) {
      BlockScaled.encode(from.numbers(), from.size, to.type, dither, to.pointer());
    } else {
      try (Tensor x = from.tensor();
          Tensor y = to.tensor()) {
        Engines.host().copy(x, y);
      }
    }
  }

  private Tensor tensor() {
    NativeMemory ours = NativeMemory.borrowed(numbers(), memory.bytes());
    return Engines.host().adopt(ours, type.dtype(), size);
  }

  /** This vector if it has the type; else its {@link #copy}, and this vector is closed. */
  public FlatVector as(VectorType other, Dither dither) {
    if (type == other) {
      return this;
    }
    try (this) {
      return copy(other, dither);
    }
  }

  public VectorType type() {
    return type;
  }

  /** Number of vectors of this JVM that were garbage collected without being closed. */
  public static int abandoned() {
    return ABANDONED_COUNT.get();
  }

  /**
   * Makes serialising close this vector, for a result whose reader becomes the owner. Returns this
   * vector.
   */
  public FlatVector handedOver() {
    handedOver = true;
    return this;
  }

  /**
   * The numbers on an engine: in place, or a copy on its device that stays until this vector is
   * closed, {@link #pointer} is called or another engine uses the vector. Only for float32.
   *
   * @return a tensor, valid as long as the copy
   */
  public Tensor on(Engine engine) {
    requireOpen();
    return onEngine.on(engine, memory, isZeros);
  }

  /** Calls {@link #on} for an engine that writes to the tensor and so changes this vector. */
  public Tensor changingOn(Engine engine) {
    Tensor tensor = on(engine);
    onEngine.changes();
    isZeros = false;
    return tensor;
  }

  /**
   * Host memory with the current numbers, for reading or writing; frees copies on engines.
   *
   * @throws IllegalStateException if the vector was closed
   */
  public Pointer pointer() {
    Pointer numbers = numbers();
    onEngine.close();
    isZeros = false;
    return numbers;
  }

  /** Host memory with the current numbers, for reading. */
  private Pointer numbers() {
    requireOpen();
    onEngine.bring();
    return memory.pointer();
  }

  private void requireOpen() {
    if (memory.pointer().isNull()) {
      throw new IllegalStateException(
          String.format(Locale.ROOT, "Cannot use a vector of %,d floats: it was closed", size()));
    }
  }

  public long size() {
    return size;
  }

  public long bytes() {
    return memory.bytes();
  }

  /** Adds all numbers to the floats at {@code target}. */
  public void addTo(Pointer target) {
    addTo(1, target);
  }

  /** Adds all numbers to a vector of the same size, on an engine. */
  public void addTo(FlatVector sum, Engine engine) {
    engine.addScaled(on(engine), 1, sum.changingOn(engine));
  }

  /** Adds all numbers, times {@code scale}, to the floats at {@code target}, in float32. */
  public void addTo(float scale, Pointer target) {
    if (type != VectorType.FLOAT32) {
      try (FlatVector floats = copy()) {
        floats.addTo(scale, target);
      }
      return;
    }
    var engine = Engines.host();
    engine.addScaled(
        engine.alias(numbers(), size()).tensor(), scale, engine.alias(target, size()).tensor());
  }

  /** A checksum, to tell vectors apart. */
  public String checksum() {
    requireOpen();
    CRC32C checksum = new CRC32C();
    chunks().forEach(checksum::update);
    return "%08x".formatted(checksum.getValue());
  }

  /** Copies all numbers to the floats at {@code target}. */
  public void copyTo(Pointer target) {
    copy(this, over(target, size), Dither.NONE);
  }

  /** Frees the memory. Idempotent. */
  @Override
  public void close() {
    onEngine.close();
    memory.close();
  }

  private void allocate(long elements, VectorType storage) {
    size = elements;
    type = storage;
    memory = NativeMemory.zeros(type.bytes(size));
    if (size > 0) { // an empty vector has nothing to free
      ABANDONED.register(this, new Abandonment(memory, onEngine));
    }
  }

  /** Runs when a vector is garbage collected: counts and frees it unless it was closed. */
  private record Abandonment(NativeMemory memory, EngineCopy onEngine) implements Runnable {
    @Override
    public void run() {
      if (!memory.pointer().isNull()) {
        ABANDONED_COUNT.incrementAndGet();
        onEngine.close();
        memory.close();
      }
    }
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    try {
      out.writeLong(size);
      out.writeByte(type.ordinal());
      byte[] chunk = new byte[CHUNK_BYTES];
      for (ByteBuffer part : chunks()) {
        int count = part.remaining();
        part.get(chunk, 0, count);
        out.write(chunk, 0, count);
      }
    } finally {
      if (handedOver) {
        close();
      }
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    allocate(in.readLong(), VectorType.values()[in.readByte()]);
    try {
      byte[] chunk = new byte[CHUNK_BYTES];
      for (ByteBuffer part : chunks()) {
        int count = part.remaining();
        in.readFully(chunk, 0, count);
        part.put(chunk, 0, count);
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Host memory with the current numbers, in parts. */
  private Iterable<ByteBuffer> chunks() {
    onEngine.bring();
    long all = memory.bytes();
    return LongStream.iterate(0, start -> start < all, start -> start + CHUNK_BYTES)
            .mapToObj(start -> memory.buffer(start, (int) Math.min(CHUNK_BYTES, all - start)))
        ::iterator;
  }
}
