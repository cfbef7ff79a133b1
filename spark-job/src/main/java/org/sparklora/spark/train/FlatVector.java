package org.sparklora.spark.train;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoSerializable;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.io.UncheckedIOException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.NativeMemory;

/**
 * A float32 vector outside the Java heap that can travel: parameters on their way to executors,
 * gradient sums on their way back. On the wire it is its length in bytes, whether it is {@link
 * #handedOver handed over}, and then the bytes, in this machine's order.
 *
 * <p>Whoever makes or receives it closes it. Spark itself closes a broadcast one where its block is
 * removed. What a failed job drops on its way is freed once the garbage collector finds it, and
 * counted: see {@link #abandoned}. Not thread-safe.
 */
public final class FlatVector implements Externalizable, KryoSerializable, AutoCloseable {
  private static final long serialVersionUID = 2L;
  private static final int CHUNK_BYTES = 1 << 20;
  private static final Cleaner ABANDONED = Cleaner.create();
  private static final AtomicInteger ABANDONED_COUNT = new AtomicInteger();

  private NativeMemory memory = NativeMemory.zeros(0);
  private boolean handedOver;

  /** For serialisers only. */
  public FlatVector() {}

  /** A vector of {@code size} zeros. */
  public FlatVector(long size) {
    allocate(size * Float.BYTES);
  }

  /** {@code size} floats of somebody else's, who frees them after this is closed. */
  public static FlatVector over(Pointer floats, long size) {
    FlatVector vector = new FlatVector();
    vector.memory = NativeMemory.borrowed(floats, size * Float.BYTES);
    return vector;
  }

  /** Some of these floats, valid as long as this is. */
  public FlatVector part(long from, long size) {
    return over(at(pointer(), from), size);
  }

  /** The address of a float after {@code floats}. */
  public static Pointer at(Pointer floats, long index) {
    return new BytePointer(floats).getPointer(index * Float.BYTES);
  }

  /** A copy of {@code size} floats. */
  public static FlatVector copyOf(Pointer floats, long size) {
    FlatVector copy = new FlatVector(size);
    Pointer.memcpy(copy.pointer(), floats, copy.memory.bytes());
    return copy;
  }

  /** How many vectors nobody closed, since this JVM began. */
  public static int abandoned() {
    return ABANDONED_COUNT.get();
  }

  /**
   * From now on writing closes this vector: it is a result that goes to whoever reads it. Returns
   * this.
   */
  public FlatVector handedOver() {
    handedOver = true;
    return this;
  }

  /**
   * The memory of the floats.
   *
   * @throws IllegalStateException if it was freed
   */
  public Pointer pointer() {
    if (memory.pointer().isNull()) {
      throw new IllegalStateException(
          "Cannot use a vector of %,d floats: it was closed".formatted(size()));
    }
    return memory.pointer();
  }

  /** Number of floats. */
  public long size() {
    return memory.bytes() / Float.BYTES;
  }

  /** Adds all floats to those at {@code target}. */
  public void addTo(Pointer target) {
    var engine = Engines.host();
    engine.addScaled(
        engine.alias(pointer(), size()).tensor(), 1f, engine.alias(target, size()).tensor());
  }

  /** A checksum of {@code size} floats, to tell vectors apart. */
  public static String checksum(Pointer floats, long size) {
    CRC32C checksum = new CRC32C();
    BytePointer bytes = new BytePointer(floats);
    for (long start = 0; start < size * Float.BYTES; start += CHUNK_BYTES) {
      long count = Math.min(CHUNK_BYTES, size * Float.BYTES - start);
      checksum.update(bytes.getPointer(start).capacity(count).asBuffer());
    }
    return "%08x".formatted(checksum.getValue());
  }

  /** Copies all floats to {@code target}. */
  public void copyTo(Pointer target) {
    Pointer.memcpy(target, pointer(), memory.bytes());
  }

  /** Frees the memory. Idempotent. */
  @Override
  public void close() {
    memory.close();
  }

  private void allocate(long bytes) {
    memory = NativeMemory.zeros(bytes);
    if (bytes > 0) { // an empty one has nothing to free
      ABANDONED.register(this, new Abandonment(memory));
    }
  }

  /** What happens when the garbage collector finds a vector: nothing if it is closed. */
  private record Abandonment(NativeMemory memory) implements Runnable {
    @Override
    public void run() {
      if (!memory.pointer().isNull()) {
        ABANDONED_COUNT.incrementAndGet();
        memory.close();
      }
    }
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    try {
      out.writeLong(memory.bytes());
      out.writeBoolean(handedOver);
      inChunks((chunk, part) -> out.write(chunk, 0, take(part, chunk)));
    } finally {
      closeIfHandedOver();
    }
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    allocate(in.readLong());
    try {
      handedOver = in.readBoolean();
      inChunks(
          (chunk, part) -> {
            in.readFully(chunk, 0, part.remaining());
            part.put(chunk, 0, part.remaining());
          });
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  @Override
  public void write(Kryo kryo, Output out) {
    try {
      out.writeLong(memory.bytes());
      out.writeBoolean(handedOver);
      inChunks((chunk, part) -> out.writeBytes(chunk, 0, take(part, chunk)));
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not of Kryo's streams
    } finally {
      closeIfHandedOver();
    }
  }

  @Override
  public void read(Kryo kryo, Input in) {
    allocate(in.readLong());
    try {
      handedOver = in.readBoolean();
      inChunks(
          (chunk, part) -> {
            in.readBytes(chunk, 0, part.remaining());
            part.put(chunk, 0, part.remaining());
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not of Kryo's streams
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void closeIfHandedOver() {
    if (handedOver) {
      close();
    }
  }

  /** Some of the memory, and as many bytes on the heap. */
  private interface Transfer {
    void of(byte[] chunk, ByteBuffer part) throws IOException;
  }

  private void inChunks(Transfer transfer) throws IOException {
    byte[] chunk = new byte[(int) Math.min(CHUNK_BYTES, memory.bytes())];
    for (long start = 0; start < memory.bytes(); start += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, memory.bytes() - start);
      transfer.of(chunk, memory.buffer(start, count));
    }
  }

  private static int take(ByteBuffer part, byte[] chunk) {
    int count = part.remaining();
    part.get(chunk, 0, count);
    return count;
  }
}
