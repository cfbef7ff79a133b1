package org.sparklora.model.engine.reference;

import java.util.Arrays;
import java.util.List;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.AttentionGradients;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.DropoutMask;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
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
 * <p>Stateless and thread-safe.
 */
final class ReferenceKernels implements Kernels {

  @Override
  public Tensor allocate(DType dtype, long... shape) {
    return HostTensor.allocate(dtype, shape);
  }

  @Override
  public boolean keepsNf4() {
    return true;
  }

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
    float[] out = new float[Math.toIntExact(y.size())];
    Arrays.fill(out, value);
    store(out, y);
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    addScaled(x.toArray(), alpha, y);
  }

  private static void addScaled(float[] x, float alpha, Tensor y) {
    float[] out = y.toArray();
    for (int i = 0; i < out.length; i++) {
      out[i] += alpha * x[i];
    }
    store(out, y);
  }

  @Override
  public void scale(Tensor y, float alpha) {
    float[] out = y.toArray();
    for (int i = 0; i < out.length; i++) {
      out[i] *= alpha;
    }
    store(out, y);
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
  public void matmul(Tensor x, Tensor w, float alpha, Tensor y) {
    fill(y, 0);
    matmulAdd(x, w, alpha, y);
  }

  @Override
  public void matmulAdd(Tensor x, Tensor w, float alpha, Tensor y) {
    Matrix.addProduct(alpha, new Matrix(x), new Matrix(w).transposed(), y); // y += alpha · x · wᵀ
  }

  @Override
  public void matmulBackwardInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    Matrix.addProduct(alpha, new Matrix(dY), new Matrix(w), dX); // dX += alpha · dY · w
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Matrix.addProduct(
        alpha, new Matrix(dY).transposed(), new Matrix(x), dW); // dW += alpha · dYᵀ · x
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    float[] out = y.toArray();
    float[] b = bias.toArray();
    for (int i = 0; i < out.length; i++) {
      out[i] += b[i % b.length];
    }
    store(out, y);
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    float[] dOut = dY.toArray();
    float[] dB = dBias.toArray();
    double[] sum = new double[dB.length];
    for (int i = 0; i < dOut.length; i++) {
      sum[i % dB.length] += dOut[i];
    }
    for (int c = 0; c < dB.length; c++) {
      dB[c] += (float) sum[c];
    }
    store(dB, dBias);
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

  // ---- attention -----------------------------------------------------------------------------

  @Override
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    ReferenceAttention.forward(tensors, heads, mask, scale);
  }

  @Override
  public void attentionBackward(
      AttentionTensors tensors,
      AttentionGradients gradients,
      Heads heads,
      AttentionMask mask,
      float scale) {
    ReferenceAttention.backward(tensors, gradients, heads, mask, scale);
  }

  // ---- feed-forward, experts -----------------------------------------------------------------

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor y) {
    ReferenceGate.SILU.forward(gate, up, y);
  }

  @Override
  public void swiGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    ReferenceGate.SILU.backwardInPlace(gate, up, dY);
  }

  @Override
  public void geGlu(Tensor gate, Tensor up, Tensor y) {
    ReferenceGate.GELU_TANH.forward(gate, up, y);
  }

  @Override
  public void geGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    ReferenceGate.GELU_TANH.backwardInPlace(gate, up, dY);
  }

  @Override
  public void scaleRows(Tensor y, Tensor factors) {
    ReferenceRows.scale(y, factors);
  }

  @Override
  public void dotRows(Tensor a, Tensor b, Tensor y) {
    ReferenceRows.dot(a, b, y);
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, Tensor y) {
    store(masked(x.toArray(), rate, seed), y);
  }

  @Override
  public void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX) {
    addScaled(masked(dY.toArray(), rate, seed), 1, dX);
  }

  private static float[] masked(float[] values, float rate, long seed) {
    long key = DropoutMask.key(seed, 0);
    int threshold = DropoutMask.threshold(rate);
    float scale = 1 / (1 - rate);
    for (int i = 0; i < values.length; i++) {
      values[i] = DropoutMask.keeps(key, i, threshold) ? values[i] * scale : 0;
    }
    return values;
  }

  // ---- log-probabilities of the next token ---------------------------------------------------

  @Override
  public void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y) {
    ReferenceLogProbs.forward(logits, targets.toArray(), temperature, y);
  }

  @Override
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    ReferenceLogProbs.backwardInPlace(
        logits, targets.toArray(), temperature, logSumExp.toArray(), dLogProbs.toArray());
  }

  // ---- sampling ------------------------------------------------------------------------------

  @Override
  public Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    return ReferenceSampling.sample(logits, rule, uniforms, seen);
  }

  @Override
  public void close() {
    // tensors have owners, and the kernels hold nothing else
  }

  @Override
  public String description() {
    return "reference, 1 thread";
  }

  static void store(float[] values, Tensor tensor) {
    tensor.write(0, values, 0, values.length);
  }
}
