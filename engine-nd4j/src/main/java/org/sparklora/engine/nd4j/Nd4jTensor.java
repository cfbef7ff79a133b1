package org.sparklora.engine.nd4j;

import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A tensor in ND4J's memory: host memory with {@code nd4j-native}, a device's with {@code
 * nd4j-cuda}. Views are arrays over the same buffer at another offset.
 */
final class Nd4jTensor extends Tensor {
  /** Elements copied at a time between ND4J and a Java array. */
  private static final int CHUNK = 1 << 22;

  private final DataBuffer buffer;
  private final Runnable free; // what close() does while the buffer is open
  private final long offset; // in elements

  private Nd4jTensor(DataBuffer buffer, Runnable free, long offset, DType dtype, long... shape) {
    super(dtype, shape);
    this.buffer = buffer;
    this.free = free;
    this.offset = offset;
  }

  /** New memory, all zeros. */
  static Nd4jTensor allocate(DType dtype, long... shape) {
    long size = Math.max(1, sizeOf(shape)); // ND4J has no buffer without elements
    DataBuffer zeros = Nd4jScratch.outside(() -> Nd4j.createBuffer(dataType(dtype), size, true));
    NativeMemory counted = NativeMemory.ofLibrary(size * dtype.bytes(), zeros::close);
    return new Nd4jTensor(zeros, counted::close, 0, dtype, shape);
  }

  /** A tensor over host memory, in place; closing it closes {@code host}. */
  static Nd4jTensor over(HostTensor host) {
    long size = Math.max(1, host.size());
    DataBuffer buffer =
        Nd4jScratch.outside(() -> Nd4j.createBuffer(host.elements(), size, dataType(host.dtype())));
    Runnable free =
        () -> {
          buffer.close();
          host.close();
        };
    return new Nd4jTensor(buffer, free, 0, host.dtype(), host.shape());
  }

  static Nd4jTensor of(Tensor tensor) {
    return (Nd4jTensor) tensor;
  }

  private static DataType dataType(DType dtype) {
    return switch (dtype) {
      case FLOAT32 -> DataType.FLOAT;
      case BFLOAT16 -> DataType.BFLOAT16;
      case FLOAT16 -> DataType.FLOAT16;
      case NF4 -> throw new IllegalArgumentException("Cannot hold NF4 in an array of ND4J");
    };
  }

  /** The elements in rows of the last dimension, {@code (rows, columns)}. */
  INDArray matrix() {
    return array(rows(), columns());
  }

  /** The elements in one dimension. */
  INDArray flat() {
    return array(size());
  }

  /** The elements in any shape of the same size. */
  INDArray array(long... shape) {
    return arrayFrom(0, shape);
  }

  /** The elements from {@code start} on, in a shape. */
  INDArray arrayFrom(long start, long... shape) {
    if (buffer.wasClosed()) {
      throw new IllegalStateException(
          "Cannot use %s: its memory was freed by close()".formatted(this));
    }
    return Nd4j.create(buffer, shape, stridesOf(shape), offset + start, 'c', dataType(dtype()));
  }

  @Override
  protected Tensor viewAt(long start, long... shape) {
    return new Nd4jTensor(buffer, () -> {}, offset + start, dtype(), shape);
  }

  @Override
  public void read(long start, float[] destination, int from, int count) {
    checkRange(start, count);
    for (int done = 0; done < count; done += CHUNK) {
      long first = start + done;
      int run = Math.min(CHUNK, count - done);
      float[] values =
          Nd4jScratch.of(() -> arrayFrom(first, run).castTo(DataType.FLOAT).dup().data().asFloat());
      System.arraycopy(values, 0, destination, from + done, run);
    }
  }

  @Override
  public void write(long start, float[] source, int from, int count) {
    checkRange(start, count);
    for (int done = 0; done < count; done += CHUNK) {
      long first = start + done;
      int run = Math.min(CHUNK, count - done);
      float[] values = Arrays.copyOfRange(source, from + done, from + done + run);
      Nd4jScratch.run(() -> arrayFrom(first, run).assign(Nd4j.createFromArray(values)));
    }
  }

  @Override
  public void close() {
    if (!buffer.wasClosed()) {
      free.run();
    }
  }
}
