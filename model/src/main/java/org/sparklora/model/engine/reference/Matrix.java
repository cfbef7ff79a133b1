package org.sparklora.model.engine.reference;

import org.sparklora.model.engine.tensor.Tensor;

/** A factor of a product: {@code values[i·rowStride + j·columnStride]}. */
record Matrix(float[] values, int rows, int columns, int rowStride, int columnStride) {
  Matrix(Tensor x) {
    this(x.toArray(), x.rows(), x.columns(), x.columns(), 1);
  }

  Matrix transposed() {
    return new Matrix(values, columns, rows, columnStride, rowStride);
  }

  private double at(int i, int j) {
    return values[i * rowStride + j * columnStride];
  }

  /** {@code c = alpha·a·b}, or {@code c += …} if {@code adds}, with a (m, k) and b (k, n). */
  static void multiply(float alpha, Matrix a, Matrix b, boolean adds, Tensor c) {
    float[] out = adds ? c.toArray() : new float[Math.toIntExact(c.size())];
    for (int i = 0; i < a.rows; i++) {
      for (int j = 0; j < b.columns; j++) {
        double sum = 0;
        for (int k = 0; k < a.columns; k++) {
          sum += a.at(i, k) * b.at(k, j);
        }
        out[i * b.columns + j] += (float) (alpha * sum);
      }
    }
    c.write(0, out, 0, out.length);
  }
}
