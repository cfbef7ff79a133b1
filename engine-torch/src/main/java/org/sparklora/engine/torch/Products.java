package org.sparklora.engine.torch;

import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.tensor.DType;

/**
 * Products of linear layers. Their operands are float32, or rounded to bfloat16 with float32 sums.
 * A weight in NF4, or whose operand is a float32 copy, is converted a tile at a time.
 *
 * <p>Up to {@link #INDEPENDENT_ROWS} rows are multiplied in blocks of equal size: a library chooses
 * its kernel, and so the order of its sums, by the shape of a product, which then does not depend
 * on the number of rows. Results of the rows that fill up the last block are ignored.
 */
record Products(TorchDevice device, boolean inBfloat16) {
  /** The most rows of a product that are computed independently of each other. */
  static final int INDEPENDENT_ROWS = 128;

  /** Elements of a weight that are converted at a time: 16 MiB of float32. */
  static final int TILE = 1 << 22;

  /**
   * Whether products take bfloat16 operands. On CPUs rounded operands are multiplied in float32,
   * since libtorch's bfloat16 products there round the sums as well.
   */
  private boolean isRounded() {
    return inBfloat16 && device.isCuda();
  }

  /** {@code y = beta·y + alpha · x · wᵀ}, with beta 0 or 1. */
  void timesTransposed(
      TorchTensor x,
      org.sparklora.model.engine.tensor.Tensor w,
      float alpha,
      int beta,
      TorchTensor y) {
    boolean inBlocks = y.rows() <= INDEPENDENT_ROWS;
    Tensor in = operand(x.dtype(), inBlocks ? inWholeBlocks(x) : x.matrix());
    forTiles(
        w,
        (rows, from, count) -> {
          Tensor columns = y.matrix().narrow(1, from, count);
          if (inBlocks) {
            inBlocks(in, rows.t(), alpha, beta, columns);
          } else {
            multiply(in, rows.t(), alpha, beta, columns);
          }
        });
  }

  /**
   * The rows of x, then arbitrary ones to fill a block: in place if x's memory has them, or copied.
   */
  private Tensor inWholeBlocks(TorchTensor x) {
    long block = device.blockOfRows();
    long rows = (x.rows() + block - 1) / block * block;
    if (x.holds(rows * x.columns())) {
      return x.as(rows, x.columns());
    }
    long[] shape = {rows, x.columns()};
    Tensor padded = torch.empty(shape, x.matrix().options(), new MemoryFormatOptional());
    padded.narrow(0, 0, x.rows()).copy_(x.matrix());
    return padded;
  }

  private void inBlocks(Tensor x, Tensor wT, float alpha, int beta, Tensor y) {
    long block = device.blockOfRows();
    for (long from = 0; from < y.size(0); from += block) {
      long count = Math.min(block, y.size(0) - from);
      Tensor some = x.narrow(0, from, block);
      Tensor rows = y.narrow(0, from, count);
      if (beta != 0) {
        rows.add_(product(some, wT).narrow(0, 0, count), new Scalar(alpha));
      } else if (count == block) {
        multiply(some, wT, alpha, 0, rows);
      } else {
        rows.copy_(product(some, wT).narrow(0, 0, count).mul_(new Scalar(alpha)));
      }
    }
  }

  /** {@code dX = beta·dX + alpha · dY · w}, with beta 0 or 1. */
  void backwardInput(
      TorchTensor dY,
      org.sparklora.model.engine.tensor.Tensor w,
      float alpha,
      int beta,
      TorchTensor dX) {
    Tensor dOut = operand(dY.dtype(), dY.matrix());
    forTiles(
        w,
        (rows, from, count) ->
            multiply(dOut.narrow(1, from, count), rows, alpha, from == 0 ? beta : 1, dX.matrix()));
  }

  /** {@code dW += alpha · dYᵀ · x}. */
  void backwardWeight(TorchTensor dY, TorchTensor x, float alpha, TorchTensor dW) {
    Tensor dOut = operand(dY.dtype(), dY.matrix());
    multiply(dOut.t(), operand(x.dtype(), x.matrix()), alpha, 1, dW.matrix());
  }

  private interface RowsOfWeight {
    /** Takes some rows of a weight, in the type of operands. */
    void accept(Tensor rows, long from, long count);
  }

  /** A weight is one tile, unless its operand is a wider copy. */
  private void forTiles(org.sparklora.model.engine.tensor.Tensor w, RowsOfWeight operation) {
    boolean asItLies =
        w.dtype() != DType.NF4 && (isRounded() || w.dtype() == DType.FLOAT32 && !inBfloat16);
    long step = asItLies ? Math.max(1, w.rows()) : Math.max(1, TILE / w.columns());
    Scope.parts(
        w.rows(), step, (from, count) -> operation.accept(rows(w, from, count), from, count));
  }

  /** Rows of a weight, in the type of operands. */
  private Tensor rows(org.sparklora.model.engine.tensor.Tensor w, long from, long count) {
    return w instanceof TorchNf4 quantized
        ? operand(quantized.values(), quantized.widened(from, count))
        : operand(w.dtype(), TorchTensor.of(w).matrix().narrow(0, from, count));
  }

  /** The operand of a product: {@code x}, of type dtype, or a copy in the type of operands. */
  private Tensor operand(DType dtype, Tensor x) {
    if (!inBfloat16) {
      return dtype == DType.FLOAT32 ? x : x.to(ScalarType.Float);
    }
    Tensor rounded = dtype == DType.BFLOAT16 ? x : x.to(ScalarType.BFloat16);
    return isRounded() ? rounded : rounded.to(ScalarType.Float);
  }

  private Tensor product(Tensor a, Tensor b) {
    return isRounded() ? torch.mm(a, b, ScalarType.Float) : torch.mm(a, b);
  }

  /** {@code c = beta·c + alpha · a · b}; a c of bfloat16 is rounded once. */
  private void multiply(Tensor a, Tensor b, float alpha, int beta, Tensor c) {
    Scalar factor = new Scalar(alpha);
    Scalar kept = new Scalar(beta);
    boolean roundsResult = c.scalar_type().intern() == ScalarType.BFloat16;
    if (roundsResult && !isRounded()) {
      Tensor sums = product(a, b).mul_(factor);
      c.copy_(beta == 0 ? sums : sums.add_(c));
    } else if (isRounded() && !roundsResult) {
      torch.addmm_out(c, c, a, b, ScalarType.Float, kept, factor);
    } else {
      torch.addmm_out(c, c, a, b, kept, factor);
    }
  }
}
