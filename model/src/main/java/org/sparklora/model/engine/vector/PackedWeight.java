package org.sparklora.model.engine.vector;

import java.util.Arrays;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A copy of a linear layer's weight {@code (out, in)} for {@link VectorPacked}: rounded to
 * bfloat16, in oneDNN's layout of blocks, which a product streams from memory in order. Reads
 * return the elements of the original weight, which must outlive the copy.
 *
 * <p>Its shape alone determines how it is cut into slices of outputs and parts of inputs, each of
 * them a separate product.
 */
final class PackedWeight extends Tensor {
  /** Outputs of the largest block: the sums of 8 rows by one block fit in 32 registers. */
  static final int OUTPUTS = 48;

  /** Inputs are padded with zeros to a multiple of this. */
  static final int INPUTS = 32;

  /** Most bytes of one slice, so that it stays in the second-level cache for further rows. */
  private static final int SLICE_BYTES = 1 << 20;

  /** Fewest slices of a weight that has as many blocks. */
  private static final int LEAST_SLICES = 4;

  /**
   * Most inputs of a part with float32 operands: beyond 1,024 oneDNN 3.11 reads wrong blocks, since
   * it assumes the block height of bfloat16 operands, 32 inputs.
   */
  private static final int MOST_INPUTS = 768;

  private final HostTensor original;
  private final DType operands;
  private final HostTensor blocks; // at least (out, in)
  private final int sliceOutputs;

  private PackedWeight(HostTensor original, DType operands, HostTensor blocks, int sliceOutputs) {
    super(DType.BFLOAT16, original.shape());
    this.original = original;
    this.operands = operands;
    this.blocks = blocks;
    this.sliceOutputs = sliceOutputs;
  }

  /**
   * Packs a copy of {@code w} on the pool's threads.
   *
   * @param operands the type of the other operand: bfloat16, or float32 if {@link
   *     CompiledGemm#widensPacked}
   */
  static PackedWeight of(WorkerPool pool, HostTensor w, DType operands) {
    int in = w.columns();
    int out = w.rows();
    HostTensor blocks =
        HostTensor.allocate(
            DType.BFLOAT16, VectorMath.roundUp(out, OUTPUTS), VectorMath.roundUp(in, INPUTS));
    int blocksOfASlice = Math.max(1, SLICE_BYTES / (OUTPUTS * blocks.columns() * Short.BYTES));
    int even = VectorMath.roundUp(out, OUTPUTS * LEAST_SLICES) / LEAST_SLICES;
    return closedOnFailure(
        new PackedWeight(w, operands, blocks, Math.min(blocksOfASlice * OUTPUTS, even)),
        packed -> pool.forEach(packed.slices(), packed::fill));
  }

  private void fill(int slice, Scratch own) {
    if (operands == DType.BFLOAT16) {
      Gemm.Matrix rows = Gemm.Matrix.of(original).at(from(slice), 0);
      own.compiledGemm().pack(to(slice) - from(slice), columns(), rows, address(slice, 0));
      return;
    }
    for (int part = 0; part < parts(); part++) {
      long at = offset(slice, part);
      for (int output = from(slice); output < to(slice); output += CompiledGemm.PANEL) {
        at += fillPanel(output, part, at, own);
      }
    }
  }

  /** Writes a panel of outputs input by input; oneDNN's reorder would take 60 ns per element. */
  private int fillPanel(int first, int part, long at, Scratch own) {
    int inputs = inputs(part);
    int size = VectorMath.roundUp(inputs, CompiledGemm.PANEL) * CompiledGemm.PANEL;
    float[] panel = own.row(1, size);
    Arrays.fill(panel, 0, size, 0);
    for (int o = 0; o < Math.min(CompiledGemm.PANEL, rows() - first); o++) {
      long row = (long) (first + o) * columns() + firstInput(part);
      float[] weights = own.load(0, original, row, inputs);
      for (int i = 0; i < inputs; i++) {
        panel[i * CompiledGemm.PANEL + o] = weights[i];
      }
    }
    own.store(panel, blocks, at, size);
    return size;
  }

  DType operands() {
    return operands;
  }

  HostTensor original() {
    return original;
  }

  int slices() {
    return (rows() + sliceOutputs - 1) / sliceOutputs;
  }

  int from(int slice) {
    return slice * sliceOutputs;
  }

  /** One past the last output of a slice. */
  int to(int slice) {
    return Math.min(rows(), (slice + 1) * sliceOutputs);
  }

  int parts() {
    return operands == DType.BFLOAT16
        ? 1
        : Math.max(1, (columns() + MOST_INPUTS - 1) / MOST_INPUTS);
  }

  private int partInputs() {
    return VectorMath.roundUp((columns() + parts() - 1) / parts(), INPUTS);
  }

  int firstInput(int part) {
    return part * partInputs();
  }

  int inputs(int part) {
    return Math.min(columns() - firstInput(part), partInputs());
  }

  /** The address of a part of a slice. */
  long address(int slice, int part) {
    return blocks.address() + offset(slice, part) * Short.BYTES;
  }

  private long offset(int slice, int part) {
    long outputs = VectorMath.roundUp(to(slice) - from(slice), OUTPUTS);
    return (long) from(slice) * blocks.columns() + outputs * firstInput(part);
  }

  @Override
  public void read(long offset, float[] destination, int from, int count) {
    original.read(offset, destination, from, count);
  }

  /** Frees the copy, not the original. */
  @Override
  public void close() {
    blocks.close();
  }
}
