package org.sparklora.model.engine.vector;

import org.bytedeco.dnnl.global.dnnl;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;

/**
 * oneDNN's matrix product {@code C = alpha·A·B}, or {@code C += …}, with A {@code (m, k)}, B {@code
 * (k, n)}, C {@code (m, n)}.
 *
 * <p>A and B are both float32, or both bfloat16, then with alpha 1. Sums are float32; C is float32,
 * or with bfloat16 A and B also bfloat16.
 */
final class Gemm {
  private Gemm() {}

  /**
   * The layout of a matrix in memory: row by row, or, if transposed, column by column, each {@code
   * stride} elements from the next.
   */
  record Layout(DType dtype, long stride, boolean isTransposed) {}

  /** A matrix, by the address of its first element. */
  record Matrix(Layout layout, long address) {
    Matrix(DType dtype, long address, long stride, boolean isTransposed) {
      this(new Layout(dtype, stride, isTransposed), address);
    }

    /** A float32 matrix. */
    Matrix(long address, long stride) {
      this(DType.FLOAT32, address, stride, false);
    }

    static Matrix of(HostTensor tensor) {
      return new Matrix(tensor.dtype(), tensor.address(), tensor.columns(), false);
    }

    /** The transposed matrix over the same memory. */
    Matrix transposed() {
      return new Matrix(dtype(), address, layout.stride, !layout.isTransposed);
    }

    /** The part that begins at this row and column. */
    Matrix at(long row, long column) {
      long elements =
          layout.isTransposed ? column * layout.stride + row : row * layout.stride + column;
      return new Matrix(layout, address + elements * dtype().bytes());
    }

    DType dtype() {
      return layout.dtype;
    }

    private byte operation() {
      return (byte) (layout.isTransposed ? 'T' : 'N');
    }
  }

  /** {@code C = alpha·A·B}, or C += … if {@code adds}; not with C, or both A and B, transposed. */
  static void multiply(
      Scratch scratch,
      long m,
      long n,
      long k,
      float alpha,
      Matrix a,
      Matrix b,
      boolean adds,
      Matrix c) {
    if (m == 0 || n == 0) {
      return;
    }
    if (a.dtype() == DType.BFLOAT16) {
      assert alpha == 1 : "operands in bfloat16 are scaled before they are rounded";
      scratch.compiledGemm().multiply(m, n, k, a, b, c, adds);
      return;
    }
    int status =
        dnnl.dnnl_sgemm(
            a.operation(),
            b.operation(),
            m,
            n,
            k,
            alpha,
            scratch.a.to(a.address()),
            a.layout.stride,
            scratch.b.to(b.address()),
            b.layout.stride,
            adds ? 1 : 0,
            scratch.c.to(c.address()),
            c.layout.stride);
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException(
          "oneDNN's gemm of (%s, %s, %s) failed with status %s; run with -Dlora.engine=reference to tell whether it is the library"
              .formatted(m, n, k, status));
    }
  }
}
