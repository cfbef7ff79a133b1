package org.sparklora.engine.nd4j;

import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** Products for {@link Nd4jKernels}, with weights that are stored in float32 or bfloat16. */
final class Nd4jProducts {
  static final MMulTranspose PLAIN = MMulTranspose.allFalse();

  /** Transposes the first operand. */
  static final MMulTranspose FIRST = MMulTranspose.builder().transposeA(true).build();

  /** Transposes the second operand. */
  static final MMulTranspose SECOND = MMulTranspose.builder().transposeB(true).build();

  /** Elements of a bfloat16 weight that are widened at a time: 16 MiB of float32. */
  static final int TILE = 1 << 22;

  private Nd4jProducts() {}

  private static INDArray matrix(Tensor tensor) {
    return Nd4jTensor.of(tensor).matrix();
  }

  private static INDArray columns(Tensor x, long from, long to) {
    return matrix(x).get(NDArrayIndex.all(), NDArrayIndex.interval(from, to));
  }

  /** {@code y = beta·y + alpha · x · wᵀ}. */
  static void timesTransposed(Tensor x, Tensor w, float alpha, float beta, Tensor y) {
    forTiles(
        w,
        (rows, from, to) ->
            Nd4j.exec(new Mmul(matrix(x), rows, columns(y, from, to), alpha, beta, SECOND)));
  }

  /** {@code dX += alpha · dY · w}. */
  static void addTimes(Tensor dY, Tensor w, float alpha, Tensor dX) {
    forTiles(
        w,
        (rows, from, to) ->
            Nd4j.exec(new Mmul(columns(dY, from, to), rows, matrix(dX), alpha, 1, PLAIN)));
  }

  /** {@code dW += alpha · dYᵀ · x}. */
  static void addTransposedTimes(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Nd4jScratch.run(() -> Nd4j.exec(new Mmul(matrix(dY), matrix(x), matrix(dW), alpha, 1, FIRST)));
  }

  private interface RowsOfWeight {
    /** The rows {@code [from, to)} of a weight, in float32. */
    void accept(INDArray rows, long from, long to);
  }

  /** A float32 weight is one tile; a weight of another type is widened tile by tile. */
  private static void forTiles(Tensor w, RowsOfWeight operation) {
    long step = w.dtype() == DType.FLOAT32 ? w.rows() : Math.max(1, TILE / w.columns());
    for (long from = 0; from < w.rows(); from += step) {
      long first = from;
      long end = Math.min(w.rows(), from + step);
      Nd4jScratch.run(
          () -> operation.accept(matrix(w.rows(first, end)).castTo(DataType.FLOAT), first, end));
    }
  }
}
