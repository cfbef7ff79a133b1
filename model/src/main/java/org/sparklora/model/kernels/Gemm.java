package org.sparklora.model.kernels;

import org.bytedeco.dnnl.global.dnnl;

/**
 * oneDNN's float32 matrix product on row-major matrices given by address and row stride: {@code C =
 * beta·C + alpha·op(A)·op(B)}, with C {@code (m, n)}, op(A) {@code (m, k)}, op(B) {@code (k, n)}.
 */
final class Gemm {
  private Gemm() {}

  /** Where a matrix lies: its first element's address and the elements from one row to the next. */
  record Matrix(long address, long stride) {
    static Matrix of(HostTensor tensor) {
      return new Matrix(tensor.address(), tensor.columns());
    }

    /** The part that begins at this row and column. */
    Matrix at(long row, long column) {
      return new Matrix(address + (row * stride + column) * Float.BYTES, stride);
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
}
