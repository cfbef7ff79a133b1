package org.sparklora.model.engine.vector;

import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Tensor;

/**
 * A copy of a linear layer's weight {@code (out, in)} for {@link VectorPacked}: rounded to
 * bfloat16, in oneDNN's layout of blocks of {@value #OUTPUTS} outputs, in which a product streams
 * it from memory as it lies. Reads as the weight that it was made of, which must outlive it.
 *
 * <p>Cut into slices of outputs by its shape alone, which are each a product's of their own.
 */
final class PackedWeight extends Tensor {
  /** Outputs of a block, three vectors: 8 rows by one block are sums that fit the registers. */
  static final int OUTPUTS = 48;

  /** Inputs come in multiples of this, zeros where there are none. */
  static final int INPUTS = 32;

  /** Of one slice at most, so that it stays in a second-level cache for more rows to meet. */
  private static final int SLICE_BYTES = 1 << 20;

  /** At least so many, where there are as many blocks. */
  private static final int LEAST_SLICES = 4;

  private final HostTensor original;
  private final HostTensor blocks; // (out / 48, in / 2, 48, 2)
  private final int sliceOutputs;

  private PackedWeight(HostTensor original, HostTensor blocks, int sliceOutputs) {
    super(DType.BFLOAT16, original.shape());
    this.original = original;
    this.blocks = blocks;
    this.sliceOutputs = sliceOutputs;
  }

  /** A copy, made on the pool's threads. */
  static PackedWeight of(WorkerPool pool, HostTensor w) {
    int in = w.columns();
    int out = w.rows();
    HostTensor blocks =
        HostTensor.allocate(
            DType.BFLOAT16, VectorMath.roundUp(out, OUTPUTS), VectorMath.roundUp(in, INPUTS));
    int blocksOfASlice = Math.max(1, SLICE_BYTES / (OUTPUTS * blocks.columns() * Short.BYTES));
    int even = VectorMath.roundUp(out, OUTPUTS * LEAST_SLICES) / LEAST_SLICES;
    PackedWeight packed = new PackedWeight(w, blocks, Math.min(blocksOfASlice * OUTPUTS, even));
    try {
      pool.forEach(
          packed.slices(),
          (s, own) -> {
            int from = packed.from(s);
            Gemm.Matrix rows = Gemm.Matrix.of(w).at(from, 0);
            own.bfloat16Gemm().pack(packed.to(s) - from, in, rows, packed.address(s));
          });
      return packed;
    } catch (RuntimeException | Error e) {
      blocks.close();
      throw e;
    }
  }

  /** The weight as it was. */
  HostTensor original() {
    return original;
  }

  int slices() {
    return (rows() + sliceOutputs - 1) / sliceOutputs;
  }

  /** The first output of a slice. */
  int from(int slice) {
    return slice * sliceOutputs;
  }

  /** One past the last output of a slice. */
  int to(int slice) {
    return Math.min(rows(), (slice + 1) * sliceOutputs);
  }

  /** Where a slice lies. */
  long address(int slice) {
    return blocks.address() + (long) from(slice) * blocks.columns() * Short.BYTES;
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
