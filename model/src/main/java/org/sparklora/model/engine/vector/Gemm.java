package org.sparklora.model.engine.vector;

import org.bytedeco.dnnl.global.dnnl;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.HostTensor;

/**
 * oneDNN's matrix product on row-major matrices given by address and row stride: {@code C = beta·C
 * + alpha·op(A)·op(B)}, with C {@code (m, n)}, op(A) {@code (m, k)}, op(B) {@code (k, n)}.
 *
 * <p>A and B are both float32, or both bfloat16, then with alpha 1 and beta 0 or 1; all sums are
 * float32, and so is C, which may be bfloat16 where they are and nothing is added to it.
 */
final class Gemm {
  private Gemm() {}

  /**
   * Where a matrix lies.
   *
   * @param address of the first element
   * @param stride elements from one row to the next
   */
  record Matrix(DType dtype, long address, long stride) {
    /** A float32 matrix. */
    Matrix(long address, long stride) {
      this(DType.FLOAT32, address, stride);
    }

    static Matrix of(HostTensor tensor) {
      return new Matrix(tensor.dtype(), tensor.address(), tensor.columns());
    }

    /** The part that begins at this row and column. */
    Matrix at(long row, long column) {
      return new Matrix(dtype, address + (row * stride + column) * dtype.bytes(), stride);
    }
  }

  /** C (m, n) += alpha · A (m, k) · B (n, k)ᵀ, or = with beta 0. */
  static void timesTransposed(
      Scratch scratch,
      long m,
      long n,
      long k,
      float alpha,
      Matrix a,
      Matrix b,
      float beta,
      Matrix c) {
    call(scratch, 'N', 'T', m, n, k, alpha, a, b, beta, c);
  }

  /** C (m, n) += alpha · A (m, k) · B (k, n), or = with beta 0. */
  static void times(
      Scratch scratch,
      long m,
      long n,
      long k,
      float alpha,
      Matrix a,
      Matrix b,
      float beta,
      Matrix c) {
    call(scratch, 'N', 'N', m, n, k, alpha, a, b, beta, c);
  }

  /** C (m, n) += alpha · A (k, m)ᵀ · B (k, n), or = with beta 0. */
  static void transposedTimes(
      Scratch scratch,
      long m,
      long n,
      long k,
      float alpha,
      Matrix a,
      Matrix b,
      float beta,
      Matrix c) {
    call(scratch, 'T', 'N', m, n, k, alpha, a, b, beta, c);
  }

  private static void call(
      Scratch scratch,
      char transA,
      char transB,
      long m,
      long n,
      long k,
      float alpha,
      Matrix a,
      Matrix b,
      float beta,
      Matrix c) {
    if (m == 0 || n == 0) {
      return;
    }
    if (a.dtype() == DType.BFLOAT16) {
      scratch
          .bfloat16Gemm()
          .multiply(m, n, k, a, transA == 'T', b, transB == 'T', c, adds(alpha, beta));
      return;
    }
    int status =
        dnnl.dnnl_sgemm(
            (byte) transA,
            (byte) transB,
            m,
            n,
            k,
            alpha,
            scratch.a.to(a.address()),
            a.stride(),
            scratch.b.to(b.address()),
            b.stride(),
            beta,
            scratch.c.to(c.address()),
            c.stride());
    if (status != dnnl.dnnl_success) {
      throw new IllegalStateException(
          "oneDNN's gemm of (%d, %d, %d) failed with status %d; run with -Dlora.kernels=reference to tell whether it is the library"
              .formatted(m, n, k, status));
    }
  }

  private static boolean adds(float alpha, float beta) {
    if (alpha != 1 || (beta != 0 && beta != 1)) {
      throw new IllegalArgumentException(
          "Cannot multiply bfloat16 matrices with alpha = %s and beta = %s: they take 1, and 0 or 1"
              .formatted(alpha, beta));
    }
    return beta == 1;
  }
}
