package org.sparklora.model.engine;

import java.io.EOFException;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A piece of memory outside the Java heap with one owner, who closes it: the garbage collector,
 * which sees only a small handle of it, never frees it. {@link #liveBytes} tells what is open.
 *
 * <p>Thread-safe, but closing ends all use: who closes must know that nobody reads or writes.
 */
public final class NativeMemory implements AutoCloseable {
  /** What one {@link FileChannel#map} can reach; longer parts of a file are read instead. */
  private static final long LONGEST_MAPPING = Integer.MAX_VALUE;

  private static final int PART_BYTES = 1 << 30;

  private static final AtomicLong LIVE = new AtomicLong();

  /** Where memory of no bytes lies: somewhere, since a closed one lies nowhere. */
  private static final Pointer NOTHING = Pointer.calloc(1, 1);

  private final Pointer pointer;
  private final long bytes;
  private final Runnable free;
  private boolean closed;

  private NativeMemory(Pointer pointer, long bytes, Runnable free) {
    this.pointer = pointer;
    this.bytes = bytes;
    LIVE.addAndGet(bytes);
    this.free =
        () -> {
          free.run();
          LIVE.addAndGet(-bytes);
        };
  }

  /** Memory that is its owner's: never freed here, and not counted. */
  private NativeMemory(Pointer pointer, long bytes) {
    this.pointer = pointer;
    this.bytes = bytes;
    this.free = () -> {};
  }

  /**
   * New memory, all zeros.
   *
   * @throws OutOfMemoryError if the system has none
   */
  public static NativeMemory zeros(long bytes) {
    if (bytes == 0) {
      return new NativeMemory(new BytePointer(NOTHING), 0, () -> {});
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
    return new NativeMemory(pointer, bytes, () -> Pointer.free(pointer));
  }

  /**
   * A part of a file, read-only: mapped, so that its pages are shared with other processes and read
   * when they are used; a part of 2 GiB or more is read. The channel may be closed before this.
   *
   * @throws EOFException if the file ends before
   */
  public static NativeMemory ofFile(FileChannel file, long offset, long bytes) throws IOException {
    if (bytes > LONGEST_MAPPING) {
      return read(file, offset, bytes);
    }
    if (bytes == 0) {
      return zeros(0);
    }
    if (offset + bytes > file.size()) {
      throw new EOFException(); // a page that is not there would end the process
    }
    MappedByteBuffer buffer = file.map(FileChannel.MapMode.READ_ONLY, offset, bytes);
    return new NativeMemory(new BytePointer(buffer), bytes, () -> Unmapping.of(buffer));
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

  /** Bytes that are open in this process: allocated, or mapped. */
  public static long liveBytes() {
    return LIVE.get();
  }

  /**
   * Memory that a library allocated and is asked to free, counted as all other. Where it lies, the
   * library knows: {@link #pointer} is null.
   */
  public static NativeMemory ofLibrary(long bytes, Runnable free) {
    return new NativeMemory(new BytePointer((Pointer) null), bytes, free);
  }

  /** Memory that somebody else owns, and frees only after this is closed. */
  public static NativeMemory borrowed(Pointer first, long bytes) {
    return new NativeMemory(new BytePointer(first), bytes);
  }

  /** Its first byte; null once this is closed. */
  public Pointer pointer() {
    return pointer;
  }

  /** Its size. */
  public long bytes() {
    return bytes;
  }

  /**
   * Some of it as a buffer, which is valid until this is closed.
   *
   * @throws IllegalStateException if this is closed
   */
  public ByteBuffer buffer(long from, int count) {
    if (pointer.isNull()) {
      throw new IllegalStateException("Cannot use memory that was freed by close()");
    }
    return new BytePointer(pointer).getPointer(BytePointer.class, from).capacity(count).asBuffer();
  }

  /** Whether both hold the same bytes. */
  public boolean equalTo(NativeMemory other) {
    if (bytes != other.bytes) {
      return false;
    }
    for (long done = 0; done < bytes; done += PART_BYTES) {
      int count = (int) Math.min(PART_BYTES, bytes - done);
      if (!buffer(done, count).equals(other.buffer(done, count))) {
        return false;
      }
    }
    return true;
  }

  /** Frees it. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      free.run();
      pointer.setNull();
    }
  }

  /**
   * Ends a mapping now. Java 17 would leave it to the garbage collector; what it has for those who
   * need it sooner is {@code sun.misc.Unsafe.invokeCleaner}, of the module jdk.unsupported, open to
   * all.
   */
  private static final class Unmapping {
    private static final Object UNSAFE;
    private static final Method INVOKE_CLEANER;

    static {
      try {
        Class<?> type = Class.forName("sun.misc.Unsafe");
        Field instance = type.getDeclaredField("theUnsafe");
        instance.setAccessible(true);
        UNSAFE = instance.get(null);
        INVOKE_CLEANER = type.getMethod("invokeCleaner", ByteBuffer.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    static void of(MappedByteBuffer buffer) {
      try {
        INVOKE_CLEANER.invoke(UNSAFE, buffer);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException("Cannot unmap a file: " + e.getMessage(), e);
      }
    }
  }
}
