package org.sparklora.model.engine.vector;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Tensor;

/**
 * The working memory of one worker, kept between operations: rows on the Java heap, where vector
 * instructions reach them, and matrices outside it, where gemm does.
 *
 * <p>A buffer grows to the largest size asked for and stays. The largest are a row of logits and a
 * tile of attention scores (64 queries times the longest document); nothing grows with the tokens
 * of a batch. Belongs to one thread, which closes it when it ends.
 */
final class Scratch implements AutoCloseable {
  private static final int ROWS = 5;
  private static final int MATRICES = 3;

  private final float[][] rows = new float[ROWS][0];
  private final HostTensor[] matrices = new HostTensor[MATRICES];
  private short[] halves = new short[0];
  private CompiledGemm compiledGemm;

  /** The pointers of a gemm call, moved from call to call instead of made anew. */
  final MovingPointer a = new MovingPointer();

  final MovingPointer b = new MovingPointer();
  final MovingPointer c = new MovingPointer();

  /**
   * Row buffer number {@code index}, for {@code columns} elements and rounded up to whole vectors;
   * its content is arbitrary.
   */
  float[] row(int index, int columns) {
    int length = VectorMath.roundUp(columns);
    if (rows[index].length < length) {
      rows[index] = new float[length];
    }
    return rows[index];
  }

  /**
   * Row buffer {@code index} with elements {@code [offset, offset + columns)} of x, then {@code
   * padding}.
   */
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

  /** The same with zeros as padding, which change no sum. */
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

  /**
   * Matrix buffer number {@code index}, of at least {@code size} elements with arbitrary content.
   */
  HostTensor matrix(int index, long size) {
    return matrix(index, DType.FLOAT32, size);
  }

  /** The same of any type. */
  HostTensor matrix(int index, DType type, long size) {
    HostTensor last = matrices[index];
    if (last == null || last.size() < size || last.dtype() != type) {
      freeMatrix(index);
      matrices[index] = HostTensor.allocate(type, size);
    }
    return matrices[index];
  }

  /** This thread's products of bfloat16 matrices. */
  CompiledGemm compiledGemm() {
    if (compiledGemm == null) {
      compiledGemm = new CompiledGemm();
    }
    return compiledGemm;
  }

  private void freeMatrix(int index) {
    if (matrices[index] != null) {
      matrices[index].close();
      matrices[index] = null; // a larger one may not be had
    }
  }

  /** Frees what lies outside the Java heap; what asks for it gets it anew. */
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

  /** A pointer that is pointed at one address after another. */
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
