package org.sparklora.model.engine.tensor;

import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Memory outside the Java heap, which its owner must close: the garbage collector sees only a small
 * handle and never frees the memory. {@link #liveBytes} counts the bytes not yet freed.
 *
 * <p>Thread-safe, but no thread may read or write the memory when it is closed.
 */
public final class NativeMemory implements AutoCloseable {
  /** The most bytes that {@link FileChannel#map} maps; longer parts of a file are read instead. */
  private static final long LONGEST_MAPPING = Integer.MAX_VALUE;

  private static final int PART_BYTES = 1 << 30;

  private static final AtomicLong LIVE = new AtomicLong();

  /** The address of memory of 0 bytes, which differs from the null of closed memory. */
  private static final Pointer NOTHING = Pointer.calloc(1, 1);

  private final Pointer pointer;
  private final long bytes;
  private final Runnable free;
  private boolean closed;

  private NativeMemory(Pointer pointer, long bytes, Runnable free) {
    this.pointer = pointer;
    this.bytes = bytes;
    this.free = free;
  }

  private static NativeMemory counted(Pointer pointer, long bytes, Runnable free) {
    LIVE.addAndGet(bytes);
    return new NativeMemory(
        pointer,
        bytes,
        () -> {
          free.run();
          LIVE.addAndGet(-bytes);
        });
  }

  /**
   * New memory, all zeros.
   *
   * @throws OutOfMemoryError if the system cannot allocate it
   */
  public static NativeMemory zeros(long bytes) {
    if (bytes == 0) {
      return counted(new BytePointer(NOTHING), 0, () -> {});
    }
    // calloc hands out untouched pages: a large buffer costs memory only where it is used
    Pointer pointer = Pointer.calloc(1, bytes);
    if (pointer == null || pointer.isNull()) {
      throw new OutOfMemoryError(
          String.format(
              Locale.ROOT,
              "Cannot allocate %,d bytes outside the Java heap; lower the batch or row length, or give the process more memory",
              bytes));
    }
    return counted(pointer, bytes, () -> Pointer.free(pointer));
  }

  /**
   * A part of a file, read-only: mapped, so that processes share its pages and read them on first
   * use; a part of 2 GiB or more is read at once. The channel may be closed before the memory.
   *
   * @throws EOFException if the file ends before the part does
   */
  public static NativeMemory ofFile(FileChannel file, long offset, long bytes) throws IOException {
    if (bytes > LONGEST_MAPPING) {
      return read(file, offset, bytes);
    }
    if (bytes == 0) {
      return zeros(0);
    }
    if (offset + bytes > file.size()) {
      throw new EOFException(); // reading a page past the end of the file would end the process
    }
    MappedByteBuffer buffer = file.map(FileChannel.MapMode.READ_ONLY, offset, bytes);
    return counted(new BytePointer(buffer), bytes, () -> unmap(buffer));
  }

  private static NativeMemory read(FileChannel file, long offset, long bytes) throws IOException {
    NativeMemory memory = zeros(bytes);
    try {
      for (long done = 0; done < bytes; done += PART_BYTES) {
        ByteBuffer part = memory.buffer(done, (int) Math.min(PART_BYTES, bytes - done));
        while (part.hasRemaining()) {
          if (file.read(part, offset + done + part.position()) < 0) {
            throw new EOFException();
          }
        }
      }
      return memory;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /** Bytes allocated or mapped in this process and not yet freed. */
  public static long liveBytes() {
    return LIVE.get();
  }

  /**
   * Memory that a library allocates and frees, counted like all other memory. Its address is
   * unknown: {@link #pointer} is null.
   */
  public static NativeMemory ofLibrary(long bytes, Runnable free) {
    return counted(new BytePointer((Pointer) null), bytes, free);
  }

  /** Memory of another owner, who frees it only after this object is closed; not counted here. */
  public static NativeMemory borrowed(Pointer first, long bytes) {
    return new NativeMemory(new BytePointer(first), bytes, () -> {});
  }

  /** A pointer to the first byte; null once this object is closed. */
  public Pointer pointer() {
    return pointer;
  }

  public long bytes() {
    return bytes;
  }

  /**
   * A part of the memory as a buffer, valid until this object is closed.
   *
   * @throws IllegalStateException if this object is closed
   */
  public ByteBuffer buffer(long from, int count) {
    if (pointer.isNull()) {
      throw new IllegalStateException("Cannot use memory that was freed by close()");
    }
    return new BytePointer(pointer).getPointer(BytePointer.class, from).capacity(count).asBuffer();
  }

  /** Frees the memory. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      free.run();
      pointer.setNull();
    }
  }

  /**
   * Unmaps a file at once, which Java 17 leaves to the garbage collector, by {@code
   * sun.misc.Unsafe.invokeCleaner} of the open module jdk.unsupported.
   */
  private static void unmap(MappedByteBuffer buffer) {
    try {
      Class<?> type = Class.forName("sun.misc.Unsafe");
      Field instance = type.getDeclaredField("theUnsafe");
      instance.setAccessible(true);
      type.getMethod("invokeCleaner", ByteBuffer.class).invoke(instance.get(null), buffer);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("Cannot unmap a file: " + e.getMessage(), e);
    }
  }
}
