package org.sparklora.model.engine.vector;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The working memory of one worker, kept between operations: rows on the Java heap for vector
 * instructions, and matrices outside the heap for gemm.
 *
 * <p>A buffer grows to the largest size asked for and stays. A worker's buffers do not grow with
 * the tokens of a batch; the largest are inputs of few rows, a row of logits and a tile of
 * attention scores (64 queries times the longest document). Belongs to one thread, which closes it
 * when the thread ends. {@link VectorMatmul} keeps operands of whole batches in its own Scratch.
 */
final class Scratch implements AutoCloseable {
  private static final int ROWS = 5;
  private static final int MATRICES = 3;

  private final float[][] rows = new float[ROWS][0];
  private final HostTensor[] matrices = new HostTensor[MATRICES];
  private short[] halves = new short[0];
  private CompiledGemm compiledGemm;

  /** The pointers of a gemm call, reused from call to call. */
  final MovingPointer a = new MovingPointer();

  final MovingPointer b = new MovingPointer();
  final MovingPointer c = new MovingPointer();

  /** Row buffer {@code index} for {@code columns}, up to whole vectors; arbitrary content. */
  float[] row(int index, int columns) {
    int length = VectorMath.roundUp(columns);
    if (rows[index].length < length) {
      rows[index] = new float[length];
    }
    return rows[index];
  }

  /** Row buffer {@code index} with x's {@code [offset, offset + columns)}, then {@code padding}. */
  float[] load(int index, Tensor x, long offset, int columns, float padding) {
    float[] row = row(index, columns);
    if (x.dtype() == DType.BFLOAT16) {
      short[] bits = halves(columns);
      ((HostTensor) x).readBits(offset, bits, 0, columns);
      WeightRows.widen(bits, columns, row, 0);
    } else {
      x.read(offset, row, 0, columns);
    }
    for (int i = columns; i < VectorMath.roundUp(columns); i++) {
      row[i] = padding;
    }
    return row;
  }

  /** {@link #load} with a padding of zeros, which change no sum. */
  float[] load(int index, Tensor x, long offset, int columns) {
    return load(index, x, offset, columns, 0);
  }

  /** Writes a row's elements to {@code [offset, offset + columns)} of y, rounded to its type. */
  void store(float[] row, Tensor y, long offset, int columns) {
    if (y.dtype() == DType.BFLOAT16) {
      short[] bits = halves(columns);
      WeightRows.round(row, columns, bits);
      ((HostTensor) y).writeBits(offset, bits, 0, columns);
    } else {
      y.write(offset, row, 0, columns);
    }
  }

  short[] halves(int columns) {
    int length = VectorMath.roundUp(columns);
    if (halves.length < length) {
      halves = new short[length];
    }
    return halves;
  }

  /** Float32 matrix buffer {@code index}: at least {@code size} elements, arbitrary content. */
  HostTensor matrix(int index, long size) {
    return matrix(index, DType.FLOAT32, size);
  }

  /** A matrix buffer of any type, of at least {@code size} elements with arbitrary content. */
  HostTensor matrix(int index, DType type, long size) {
    HostTensor last = matrices[index];
    if (last == null || last.size() < size || last.dtype() != type) {
      freeMatrix(index);
      matrices[index] = HostTensor.allocate(type, size);
    }
    return matrices[index];
  }

  CompiledGemm compiledGemm() {
    if (compiledGemm == null) {
      compiledGemm = new CompiledGemm();
    }
    return compiledGemm;
  }

  private void freeMatrix(int index) {
    if (matrices[index] != null) {
      matrices[index].close();
      matrices[index] = null; // in case allocating a larger one fails
    }
  }

  /** Frees the memory outside the Java heap; later requests allocate it again. */
  @Override
  public void close() {
    for (int index = 0; index < MATRICES; index++) {
      freeMatrix(index);
    }
    if (compiledGemm != null) {
      compiledGemm.close();
      compiledGemm = null;
    }
  }

  /** A pointer whose address can be changed. */
  static final class MovingPointer extends FloatPointer {
    MovingPointer() {
      super((Pointer) null);
    }

    MovingPointer to(long address) {
      this.address = address;
      return this;
    }
  }
}
