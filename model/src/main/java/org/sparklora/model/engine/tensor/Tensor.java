package org.sparklora.model.engine.tensor;

import static java.util.stream.Collectors.joining;

import java.util.Arrays;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * A dense row-major array in the memory of the {@code Engine} that made it; only that engine
 * computes on its elements. Trained weights and gradients are float32; activations and frozen
 * weights may be bfloat16, frozen weights of linear layers NF4.
 *
 * <p>Views share storage with the tensor they were taken from and are valid until it is closed. Not
 * thread-safe: several threads may read a tensor, but none while another writes.
 */
public abstract class Tensor implements AutoCloseable {
  /** Elements that {@link #transferTo} copies at a time. */
  static final int TRANSFER = 1 << 20;

  private final DType dtype;
  private final long[] shape;
  private final long size;

  protected Tensor(DType dtype, long... shape) {
    this.dtype = dtype;
    this.shape = shape;
    this.size = sizeOf(shape);
  }

  /** The number of elements of a shape. */
  public static long sizeOf(long... shape) {
    long size = 1;
    for (long dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException(
            "Cannot make a tensor of shape %s: a dimension is negative"
                .formatted(shapeText(shape)));
      }
      size = Math.multiplyExact(size, dimension);
    }
    return size;
  }

  public final DType dtype() {
    return dtype;
  }

  public final long[] shape() {
    return shape.clone();
  }

  /** Whether {@link #shape} equals {@code other}. */
  public final boolean hasShape(long... other) {
    return Arrays.equals(shape, other);
  }

  public final long size() {
    return size;
  }

  public final long bytes() {
    return dtype.bytes(size);
  }

  /** The size of the last dimension: a matrix's columns. */
  public final int columns() {
    return Math.toIntExact(shape[shape.length - 1]);
  }

  /** The number of rows of {@link #columns()} elements. */
  public final int rows() {
    return shape[shape.length - 1] == 0 ? 0 : Math.toIntExact(size / shape[shape.length - 1]);
  }

  /** The rows {@code [from, to)} as a {@code (to - from, columns)} view. */
  public final Tensor rows(long from, long to) {
    return view(from * columns(), to - from, columns());
  }

  /** The same elements under another shape. */
  public final Tensor reshape(long... newShape) {
    Tensor view = view(0, newShape);
    if (view.size != size) {
      throw new IllegalArgumentException(
          "Cannot view %s as %s: the sizes differ"
              .formatted(shapeText(shape), shapeText(newShape)));
    }
    return view;
  }

  /**
   * Consecutive elements, starting at element {@code offset}.
   *
   * @throws IndexOutOfBoundsException if the tensor ends before
   */
  public final Tensor view(long offset, long... shape) {
    if (offset < 0 || offset + sizeOf(shape) > size) {
      throw new IndexOutOfBoundsException(
          "Cannot take %s at element %s of %s".formatted(shapeText(shape), offset, this));
    }
    return viewAt(offset, shape);
  }

  /** A view, whose bounds the caller has checked; refused unless overridden. */
  protected Tensor viewAt(long offset, long... shape) {
    throw new UnsupportedOperationException("Cannot view a part of %s".formatted(this));
  }

  /** Throws unless the tensor has the elements {@code [offset, offset + count)}. */
  protected final void checkRange(long offset, long count) {
    if (offset < 0 || count < 0 || offset + count > size) {
      throw new IndexOutOfBoundsException(
          "Cannot reach elements %s to %s of %s".formatted(offset, offset + count, this));
    }
  }

  /** The distance between neighbouring elements in each dimension, row-major. */
  protected static long[] stridesOf(long... shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= shape[i];
    }
    return strides;
  }

  /** Copies elements {@code [offset, offset + count)} out, widened to float32. */
  public abstract void read(long offset, float[] destination, int from, int count);

  /**
   * Copies float32 values in, to bfloat16 rounded to nearest, ties to even; refused if read-only.
   */
  public void write(long offset, float[] source, int from, int count) {
    throw new UnsupportedOperationException("Cannot write to %s: it is read-only".formatted(this));
  }

  /** All elements, widened to float32. The tensor must fit a Java array. */
  public final float[] toArray() {
    float[] values = new float[Math.toIntExact(size)];
    read(0, values, 0, values.length);
    return values;
  }

  /** Copies all elements into a tensor of the same size, which may be of another engine. */
  public final void transferTo(Tensor other) {
    float[] values = new float[(int) Math.min(TRANSFER, size)];
    for (long done = 0; done < size; done += values.length) {
      int count = (int) Math.min(values.length, size - done);
      read(done, values, 0, count);
      other.write(done, values, 0, count);
    }
  }

  /** Returns y after {@code use} has run; closes y if that fails. */
  public static <T extends Tensor> T closedOnFailure(T y, Consumer<? super T> use) {
    try {
      use.accept(y);
      return y;
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      y.close();
      throw e;
    }
  }

  /** Frees the storage if it is owned; views and wrapped memory are left alone. Idempotent. */
  @Override
  public abstract void close();

  @Override
  public String toString() {
    return dtype + shapeText(shape);
  }

  protected static String shapeText(long[] shape) {
    return LongStream.of(shape).mapToObj(Long::toString).collect(joining(", ", "(", ")"));
  }
}
