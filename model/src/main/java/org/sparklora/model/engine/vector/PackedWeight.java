package org.sparklora.model.engine.vector;

import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Tensor;

/**
 * A copy of a linear layer's weight {@code (out, in)} for {@link VectorFewRows}: in the type that
 * is multiplied, in oneDNN's layout of blocks of some outputs, in which a product streams it from
 * memory as it lies. Reads as the weight that it was made of, which must outlive it.
 *
 * <p>Cut into slices of outputs by its shape alone, which are each a product's of their own.
 */
final class PackedWeight extends Tensor implements VectorFewRows.Slices {
  /** Of one slice at most, so that it stays in a second-level cache for more rows to meet. */
  private static final int SLICE_BYTES = 1 << 20;

  /** Terms of a sum in float32, of two or more parts where there are more. */
  private static final int MOST_TERMS = 384;

  /** At least so many, where there are as many blocks. */
  private static final int LEAST_SLICES = 4;

  private final HostTensor original;
  private final HostTensor blocks; // (out / 48, in / 2, 48, 2) in bfloat16

  private PackedWeight(HostTensor original, HostTensor blocks) {
    super(blocks.dtype(), original.shape());
    this.original = original;
    this.blocks = blocks;
  }

  /**
   * A copy, made on the pool's threads.
   *
   * @param type that is multiplied
   */
  static PackedWeight of(WorkerPool pool, HostTensor w, DType type) {
    HostTensor blocks =
        HostTensor.allocate(
            type,
            VectorMath.roundUp(w.rows(), outputs(type)),
            VectorMath.roundUp(w.columns(), inputs(type)));
    PackedWeight packed = new PackedWeight(w, blocks);
    try {
      pool.forEach(packed.count(), packed::pack);
      return packed;
    } catch (RuntimeException | Error e) {
      blocks.close();
      throw e;
    }
  }

  private void pack(int slice, Scratch own) {
    int from = from(slice);
    int outputs = from(slice + 1) - from;
    Gemm.Matrix rows =
        original.dtype() == type()
            ? Gemm.Matrix.of(original).at(from, 0)
            : VectorMatmul.inFloat32(original, from, from + outputs, own);
    pack(rows, outputs, inputs(), type(), address(slice, own), own);
  }

  /** Arranges rows of a weight, one part of their inputs after the other. */
  static void pack(
      Gemm.Matrix rows, int outputs, int inputs, DType type, long address, Scratch own) {
    int terms = terms(inputs, type);
    for (int k = 0; k < inputs; k += terms) {
      int count = Math.min(terms, inputs - k);
      long part = address + elements(outputs, k, type) * type.bytes();
      own.compiledGemm().pack(outputs, count, rows.at(0, k), type, part);
    }
  }

  /**
   * How many inputs are summed in one product, but for the last: sums of float32 one after the
   * other lose digits with their number, so that longer ones are sums of parts.
   */
  static int terms(int inputs, DType type) {
    if (type == DType.BFLOAT16 || inputs <= MOST_TERMS) {
      return Math.max(1, inputs);
    }
    int parts = (inputs + MOST_TERMS - 1) / MOST_TERMS;
    return VectorMath.roundUp((inputs + parts - 1) / parts, inputs(type));
  }

  /** Outputs of a block, whole vectors: 8 rows by one block are sums that fit the registers. */
  static int outputs(DType type) {
    return type == DType.BFLOAT16 || CompiledGemm.isWide() ? 48 : 16;
  }

  /** Inputs come in multiples of this, zeros where there are none. */
  static int inputs(DType type) {
    return type == DType.BFLOAT16 ? 32 : 16;
  }

  /** How many slices a weight is cut into. */
  static int slices(HostTensor w, DType type) {
    int outputs = sliceOutputs(w, type);
    return (w.rows() + outputs - 1) / outputs;
  }

  /** As {@link VectorFewRows.Slices} has it. */
  static int from(int slice, HostTensor w, DType type) {
    return Math.min(w.rows(), slice * sliceOutputs(w, type));
  }

  private static int sliceOutputs(HostTensor w, DType type) {
    int block = outputs(type);
    long blockBytes = (long) block * VectorMath.roundUp(w.columns(), inputs(type)) * type.bytes();
    int fit = (int) Math.max(1, SLICE_BYTES / blockBytes) * block;
    return Math.min(fit, VectorMath.roundUp(w.rows(), block * LEAST_SLICES) / LEAST_SLICES);
  }

  /** Elements that so many outputs take. */
  static long elements(int outputs, int inputs, DType type) {
    return (long) VectorMath.roundUp(outputs, outputs(type))
        * VectorMath.roundUp(inputs, inputs(type));
  }

  /** The weight as it was. */
  HostTensor original() {
    return original;
  }

  @Override
  public DType type() {
    return dtype();
  }

  @Override
  public int inputs() {
    return columns();
  }

  @Override
  public int count() {
    return slices(original, type());
  }

  @Override
  public int from(int slice) {
    return from(slice, original, type());
  }

  @Override
  public long address(int slice, Scratch own) {
    return blocks.address() + (long) from(slice) * blocks.columns() * dtype().bytes();
  }

  @Override
  protected Tensor viewAt(long offset, long... shape) {
    throw new UnsupportedOperationException("Cannot view a part of a packed weight");
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    original.read(offset, destination, from, count);
  }

  @Override
  public void write(long offset, float[] source, int from, int count) {
    throw new UnsupportedOperationException("Cannot write to a packed weight");
  }

  /** Frees the copy alone. */
  @Override
  public void close() {
    blocks.close();
  }
}
