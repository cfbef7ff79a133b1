package org.sparklora.model.engine.reference;

import java.util.function.IntToDoubleFunction;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Plain loops, written to be read: the oracle that every other implementation is tested against,
 * and the fallback on a JVM without the vector module. Sums are taken in double, so that a result's
 * error is one rounding.
 *
 * <p>Each method reads whole tensors into arrays, computes by index, and writes whole tensors back;
 * single-threaded, and slow by a factor of a hundred on real models.
 *
 * <p>Attention, log-probabilities and sampling are inherited. Stateless and thread-safe.
 */
final class ReferenceKernels implements ReferenceAttention, ReferenceLogits {
  private static final double GELU = 2 * Math.sqrt(2 / Math.PI); // see GateFunction

  @Override
  public int independentRows() {
    return Integer.MAX_VALUE;
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    store(x.toArray(), y);
  }

  @Override
  public void fill(Tensor y, float value) {
    set(y, i -> value);
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    addScaled(x.toArray(), alpha, y);
  }

  private static void addScaled(float[] x, float alpha, Tensor y) {
    float[] before = y.toArray();
    set(y, i -> before[i] + alpha * x[i]);
  }

  @Override
  public void scale(Tensor y, float alpha) {
    float[] before = y.toArray();
    set(y, i -> before[i] * alpha);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    double sum = 0;
    for (float value : x.toArray()) {
      sum += (double) value * value;
    }
    return sum;
  }

  @Override
  public boolean isFinite(Tensor x) {
    float[] element = new float[1];
    for (long i = 0; i < x.size(); i++) {
      x.read(i, element, 0, 1);
      if (!Float.isFinite(element[0])) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void putRows(Tensor x, Indices rows, Tensor y) {
    int[] to = rows.toArray();
    for (int n = 0; n < to.length; n++) {
      x.rows(n, n + 1).transferTo(y.rows(to[n], to[n] + 1));
    }
  }

  // ---- optimizer -----------------------------------------------------------------------------

  /** Computes in float32 and rounds in the order of the vector engine: both give the same bits. */
  @Override
  public void adamW(AdamW.Vectors vectors, AdamW step) {
    float[] p = vectors.parameters().toArray();
    float[] gradient = vectors.gradient().toArray();
    float[] m = vectors.first().toArray();
    float[] v = vectors.second().toArray();
    float beta1 = (float) step.beta1();
    float beta2 = (float) step.beta2();
    for (int i = 0; i < p.length; i++) {
      float g = (float) step.scale() * gradient[i];
      m[i] = beta1 * m[i] + (1 - beta1) * g;
      v[i] = beta2 * v[i] + (1 - beta2) * (g * g);
      float update = (float) step.rate() * m[i] / ((float) Math.sqrt(v[i]) + (float) step.floor());
      p[i] -= (float) step.decay(i) * p[i] + update;
    }
    store(p, vectors.parameters());
    fill(vectors.gradient(), 0);
    store(m, vectors.first());
    store(v, vectors.second());
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y) {
    Matrix.multiply(alpha, new Matrix(x), new Matrix(w).transposed(), adds, y); // alpha · x · wᵀ
  }

  @Override
  public void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX) {
    Matrix.multiply(alpha, new Matrix(dY), new Matrix(w), adds, dX); // alpha · dY · w
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Matrix.multiply(alpha, new Matrix(dY).transposed(), new Matrix(x), true, dW); // alpha · dYᵀ · x
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    float[] before = y.toArray();
    float[] b = bias.toArray();
    set(y, i -> before[i] + b[i % b.length]);
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    float[] dOut = dY.toArray();
    float[] dB = dBias.toArray();
    double[] sum = new double[dB.length];
    for (int i = 0; i < dOut.length; i++) {
      sum[i % dB.length] += dOut[i];
    }
    set(dBias, c -> dB[c] + (float) sum[c]);
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  public void embed(Tensor table, Indices tokens, Tensor y) {
    int[] of = tokens.toArray();
    for (int n = 0; n < of.length; n++) {
      table.rows(of[n], of[n] + 1).transferTo(y.rows(n, n + 1));
    }
  }

  @Override
  public void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    int columns = dY.columns();
    int[] of = tokens.toArray();
    for (int n = 0; n < of.length; n++) {
      if (of[n] != paddingId) {
        addScaled(dY.rows(n, n + 1), 1, dTable.view((long) of[n] * columns, columns));
      }
    }
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    float[] in = x.toArray(); // (M, C)
    float[] w = weight.toArray(); // (C)
    float[] scale = new float[x.rows()]; // (M)
    int columns = w.length;
    for (int m = 0; m < scale.length; m++) {
      double squares = 0;
      for (int c = 0; c < columns; c++) {
        double value = in[m * columns + c];
        squares += value * value;
      }
      double r = 1 / Math.sqrt(squares / columns + epsilon);
      for (int c = 0; c < columns; c++) {
        in[m * columns + c] = (float) (in[m * columns + c] * r * w[c]);
      }
      scale[m] = (float) r;
    }
    store(in, y);
    store(scale, rstd);
  }

  /** With n = x·rstd and g = dY·weight, {@code dX += rstd · (g − n · mean(g·n))} in each row. */
  @Override
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    float[] in = x.toArray();
    float[] w = weight.toArray();
    float[] scale = rstd.toArray();
    float[] dOut = dY.toArray();
    float[] dIn = dX.toArray();
    int columns = w.length;
    for (int m = 0; m < scale.length; m++) {
      double r = scale[m];
      double mean = 0; // of g · n
      for (int i = m * columns; i < (m + 1) * columns; i++) {
        mean += (double) dOut[i] * w[i - m * columns] * in[i] * r / columns;
      }
      for (int i = m * columns; i < (m + 1) * columns; i++) {
        double g = (double) dOut[i] * w[i - m * columns];
        dIn[i] += (float) (r * (g - in[i] * r * mean));
      }
    }
    store(dIn, dX);
  }

  @Override
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    float[] in = x.toArray();
    float[] scale = rstd.toArray();
    float[] dOut = dY.toArray();
    float[] dW = dWeight.toArray();
    for (int c = 0; c < dW.length; c++) {
      double sum = 0;
      for (int m = 0; m < scale.length; m++) {
        sum += (double) dOut[m * dW.length + c] * in[m * dW.length + c] * scale[m];
      }
      dW[c] += (float) sum;
    }
    store(dW, dWeight);
  }

  // ---- rotary position embedding -------------------------------------------------------------

  @Override
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices tokens, boolean inverse) {
    if (tokens.count() == 0) {
      return;
    }
    int[] positions = tokens.toArray(); // (N)
    float[] values = x.toArray(); // (N, heads, D)
    float[] cosines = cos.toArray(); // (positions, D/2)
    float[] sines = sin.toArray();
    int half = headSize / 2;
    int width = values.length / positions.length; // heads · D
    for (int n = 0; n < positions.length; n++) {
      for (int head = n * width; head < (n + 1) * width; head += headSize) {
        for (int i = 0; i < half; i++) {
          double c = cosines[positions[n] * half + i];
          double s = inverse ? -sines[positions[n] * half + i] : sines[positions[n] * half + i];
          double a = values[head + i];
          double b = values[head + half + i];
          values[head + i] = (float) (a * c - b * s);
          values[head + half + i] = (float) (b * c + a * s);
        }
      }
    }
    store(values, x);
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  /** {@code y = f(g)·u} with {@code f(g) = g·σ(z(g))}. */
  @Override
  public void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    set(y, i -> g[i] * sigma(f, g[i]) * u[i]);
  }

  /** With f'(g) = σ(z)·(1 + g·z'(g)·(1 − σ(z))). */
  @Override
  public void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    float[] g = gate.toArray();
    float[] u = up.toArray();
    float[] dOut = dY.toArray();
    for (int i = 0; i < g.length; i++) {
      double value = g[i];
      double sigma = sigma(f, value);
      double slope = f == GateFunction.SILU ? 1 : GELU * (1 + 3 * 0.044715 * value * value); // z'
      g[i] = (float) (dOut[i] * u[i] * sigma * (1 + value * slope * (1 - sigma)));
      u[i] = (float) (dOut[i] * value * sigma);
    }
    store(g, gate);
    store(u, up);
  }

  private static double sigma(GateFunction f, double g) {
    double z = f == GateFunction.SILU ? g : GELU * (g + 0.044715 * g * g * g);
    return 1 / (1 + Math.exp(-z));
  }

  // ---- mixture of experts --------------------------------------------------------------------

  @Override
  public void scaleRows(Tensor y, Tensor factors) {
    float[] before = y.toArray();
    float[] factor = factors.toArray();
    set(y, i -> before[i] * factor[i / y.columns()]);
  }

  @Override
  public void dotRows(Tensor a, Tensor b, Tensor y) {
    float[] one = a.toArray();
    float[] other = b.toArray();
    double[] sums = new double[a.rows()];
    for (int i = 0; i < one.length; i++) {
      sums[i / a.columns()] += (double) one[i] * other[i];
    }
    set(y, m -> sums[m]);
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, boolean adds, Tensor y) {
    float[] masked = x.toArray();
    long key = DropoutMask.key(seed, 0);
    int threshold = DropoutMask.threshold(rate);
    float scale = 1 / (1 - rate);
    for (int i = 0; i < masked.length; i++) {
      masked[i] = DropoutMask.bits(key, i) >= threshold ? masked[i] * scale : 0;
    }
    if (adds) {
      addScaled(masked, 1, y);
    } else {
      store(masked, y);
    }
  }

  @Override
  public String description() {
    return "reference, 1 thread";
  }

  /** Writes each element by its index, rounded to float32. */
  private static void set(Tensor y, IntToDoubleFunction element) {
    float[] values = new float[Math.toIntExact(y.size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) element.applyAsDouble(i);
    }
    store(values, y);
  }

  private static void store(float[] values, Tensor tensor) {
    tensor.write(0, values, 0, values.length);
  }

  /** A factor of a product: {@code values[i·rowStride + j·columnStride]}. */
  private record Matrix(float[] values, int rows, int columns, int rowStride, int columnStride) {
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
}
