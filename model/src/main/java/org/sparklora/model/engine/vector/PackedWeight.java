package org.sparklora.model.engine.vector;

import java.util.Arrays;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Tensor;

/**
 * A copy of a linear layer's weight {@code (out, in)} for {@link VectorPacked}: rounded to
 * bfloat16, in oneDNN's layout of blocks, in which a product streams it from memory as it lies.
 * Reads as the weight that it was made of, which must outlive it.
 *
 * <p>Cut by its shape alone into slices of outputs and parts of inputs, which are each a product's
 * of their own.
 */
final class PackedWeight extends Tensor {
  /** Outputs of the largest block: 8 rows by one block are sums that fit 32 registers. */
  static final int OUTPUTS = 48;

  /** Inputs come in multiples of this, zeros where there are none. */
  static final int INPUTS = 32;

  /** Of one slice at most, so that it stays in a second-level cache for more rows to meet. */
  private static final int SLICE_BYTES = 1 << 20;

  /** At least so many, where there are as many blocks. */
  private static final int LEAST_SLICES = 4;

  /**
   * Inputs of a part at most where operands are float32: beyond 1,024 oneDNN 3.11 reads the wrong
   * blocks, which it takes for 32 inputs high, as those of bfloat16 operands are.
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
   * A copy, made on the pool's threads.
   *
   * @param operands the type of what it will be multiplied by: bfloat16, or float32 where {@link
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
    PackedWeight packed =
        new PackedWeight(w, operands, blocks, Math.min(blocksOfASlice * OUTPUTS, even));
    try {
      pool.forEach(packed.slices(), packed::fill);
      return packed;
    } catch (RuntimeException | Error e) {
      blocks.close();
      throw e;
    }
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

  /** One output beside the other, input by input; oneDNN's reordering takes 60 ns an element. */
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

  /** The type of what it is multiplied by. */
  DType operands() {
    return operands;
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

  /** Where a part of a slice lies. */
  long address(int slice, int part) {
    return blocks.address() + offset(slice, part) * Short.BYTES;
  }

  private long offset(int slice, int part) {
    long outputs = VectorMath.roundUp(to(slice) - from(slice), OUTPUTS);
    return (long) from(slice) * blocks.columns() + outputs * firstInput(part);
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
