package org.sparklora.spark.train;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.KryoSerializable;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.KernelsProvider;

/**
 * A float32 vector outside the Java heap that can travel: parameters on their way to executors,
 * gradient sums on their way back. On the wire it is its length in bytes and then the bytes, in
 * this machine's order.
 *
 * <p>Its memory is freed when it is closed or garbage collected. Not thread-safe.
 */
public final class FlatVector implements Externalizable, KryoSerializable, AutoCloseable {
  private static final long serialVersionUID = 1L;
  private static final int CHUNK_BYTES = 1 << 20;

  private BytePointer memory;
  private long bytes;

  /** For serialisers only. */
  public FlatVector() {
    this(0);
  }

  /** A vector of {@code size} zeros. */
  public FlatVector(long size) {
    allocate(size * Float.BYTES);
    Pointer.memset(memory, 0, bytes);
  }

  /** A copy of {@code size} floats. */
  public static FlatVector copyOf(Pointer floats, long size) {
    FlatVector copy = new FlatVector(0);
    copy.allocate(size * Float.BYTES);
    Pointer.memcpy(copy.memory, floats, copy.bytes);
    return copy;
  }

  /** The memory of the floats. */
  public Pointer pointer() {
    return memory;
  }

  /** Number of floats. */
  public long size() {
    return bytes / Float.BYTES;
  }

  /** Adds {@code other} to this and returns this. */
  public FlatVector add(FlatVector other) {
    other.addTo(memory);
    return this;
  }

  /** Adds all floats to those at {@code target}. */
  public void addTo(Pointer target) {
    var kernels = KernelsProvider.hostKernels();
    kernels.addScaled(
        kernels.wrap(memory, 0, DType.FLOAT32, size()),
        1f,
        kernels.wrap(target, 0, DType.FLOAT32, size()));
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
    Pointer.memcpy(target, memory, bytes);
  }

  /** Frees the memory at once: the garbage collector sees only a small handle of it. */
  @Override
  public void close() {
    memory.deallocate();
  }

  private void allocate(long byteCount) {
    bytes = byteCount;
    memory = new BytePointer(Math.max(byteCount, 1));
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    write((DataOutput) out);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    read((DataInput) in);
  }

  private void write(DataOutput out) throws IOException {
    out.writeLong(bytes);
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long start = 0; start < bytes; start += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, bytes - start);
      window(start, count).get(chunk, 0, count);
      out.write(chunk, 0, count);
    }
  }

  private void read(DataInput in) throws IOException {
    allocate(in.readLong());
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long start = 0; start < bytes; start += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, bytes - start);
      in.readFully(chunk, 0, count);
      window(start, count).put(chunk, 0, count);
    }
  }

  private ByteBuffer window(long start, int count) {
    return memory.getPointer(start).capacity(count).asBuffer();
  }

  @Override
  public void write(Kryo kryo, Output out) {
    out.writeLong(bytes);
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long start = 0; start < bytes; start += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, bytes - start);
      window(start, count).get(chunk, 0, count);
      out.writeBytes(chunk, 0, count);
    }
  }

  @Override
  public void read(Kryo kryo, Input in) {
    allocate(in.readLong());
    byte[] chunk = new byte[CHUNK_BYTES];
    for (long start = 0; start < bytes; start += CHUNK_BYTES) {
      int count = (int) Math.min(CHUNK_BYTES, bytes - start);
      in.readBytes(chunk, 0, count);
      window(start, count).put(chunk, 0, count);
    }
  }
}
