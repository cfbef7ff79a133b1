package org.sparklora.engine.nd4j;

import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Kernels that use ND4J's operations only, so that they run wherever ND4J does: with {@code
 * nd4j-cuda} on a GPU. Only token ids, router logits and some numbers for each row of logits are
 * copied to Java.
 *
 * <p>On CPUs vector engines are many times faster; there this class is for tests.
 *
 * <p>Thread-safe: scratch memory belongs to the calling thread.
 */
final class Nd4jKernels implements Kernels {
  /** Elements of a sum of squares: few enough for float32 to be exact to 1e-6. */
  private static final long SUMMED = 1 << 14;

  private final boolean inPlace;
  private final Nd4jDropout dropout = new Nd4jDropout();

  /** Sets the number of threads on CPUs, which ND4J has for the whole JVM. */
  Nd4jKernels(int threads) {
    this(threads, Nd4j.getEnvironment().isCPU());
  }

  /** For tests: {@code inPlace} says whether ND4J reads and writes host memory. */
  Nd4jKernels(int threads, boolean inPlace) {
    this.inPlace = inPlace;
    Nd4j.getEnvironment().setMaxThreads(threads);
    Nd4j.getEnvironment().setMaxMasterThreads(threads);
  }

  /** Whether ND4J computes in host memory and not on a device. */
  @Override
  public boolean isInThisProcess() {
    return inPlace;
  }

  private static Nd4jTensor nd4j(Tensor tensor) {
    return Nd4jTensor.of(tensor);
  }

  private static INDArray nd4j(Indices indices) {
    return ((Nd4jIndices) indices).array();
  }

  private static INDArray matrix(Tensor tensor) {
    return nd4j(tensor).matrix();
  }

  private static INDArray flat(Tensor tensor) {
    return nd4j(tensor).flat();
  }

  /** Runs operations on y unless it is empty, which ND4J's arrays cannot be. */
  private static void unlessEmpty(Tensor y, Runnable operations) {
    if (y.size() > 0) {
      Nd4jScratch.run(operations);
    }
  }

  // ---- memory --------------------------------------------------------------------------------

  @Override
  public Tensor allocate(DType dtype, long... shape) {
    return Nd4jTensor.allocate(dtype, shape);
  }

  @Override
  public boolean keepsNf4() {
    return false;
  }

  @Override
  public int independentRows() {
    return 0; // the library's order of sums depends on the product's size
  }

  @Override
  public Tensor over(HostTensor host) {
    return Nd4jTensor.over(host);
  }

  @Override
  public Indices indices(int[] values, int bound) {
    return Nd4jIndices.of(values, bound);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    unlessEmpty(y, () -> flat(y).assign(flat(x)));
  }

  @Override
  public void fill(Tensor y, float value) {
    unlessEmpty(y, () -> flat(y).assign(value));
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    unlessEmpty(y, () -> flat(y).addi(flat(x).mul(alpha)));
  }

  @Override
  public void scale(Tensor y, float alpha) {
    unlessEmpty(y, () -> flat(y).muli(alpha));
  }

  @Override
  public double sumOfSquares(Tensor x) {
    double sum = 0;
    for (long start = 0; start < x.size(); start += SUMMED) {
      Tensor part = x.view(start, Math.min(SUMMED, x.size() - start));
      double norm = Nd4jScratch.of(() -> flat(part).norm2Number().doubleValue());
      sum += norm * norm;
    }
    return sum;
  }

  // ---- optimizer -----------------------------------------------------------------------------

  @Override
  public void adamW(AdamW.Vectors vectors, AdamW step) {
    unlessEmpty(vectors.parameters(), () -> Nd4jOptimizer.adamW(vectors, step));
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y) {
    Nd4jProducts.timesTransposed(x, w, alpha, adds ? 1 : 0, y);
  }

  @Override
  public void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX) {
    if (!adds) {
      fill(dX, 0);
    }
    Nd4jProducts.addTimes(dY, w, alpha, dX);
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Nd4jProducts.addTransposedTimes(dY, x, alpha, dW);
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    Nd4jScratch.run(() -> matrix(y).addi(row(bias)));
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    Nd4jScratch.run(() -> row(dBias).addi(matrix(dY).sum(true, 0)));
  }

  /** A vector as {@code (1, C)}, which broadcasts to every row. */
  private static INDArray row(Tensor vector) {
    return nd4j(vector).array(1, vector.size());
  }

  /** A vector as {@code (M, 1)}, which broadcasts to every column. */
  private static INDArray column(Tensor vector) {
    return nd4j(vector).array(vector.size(), 1);
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  public void embed(Tensor table, Indices tokens, Tensor y) {
    Nd4jScratch.run(() -> matrix(y).assign(Nd4jRows.gather(matrix(table), nd4j(tokens))));
  }

  @Override
  public boolean isFinite(Tensor x) {
    for (long start = 0; start < x.size(); start += SUMMED) {
      Tensor part = x.view(start, Math.min(SUMMED, x.size() - start));
      // every finite number times 0 is 0
      double sum =
          Nd4jScratch.of(() -> flat(part).castTo(DataType.FLOAT).mul(0).sumNumber()).doubleValue();
      if (sum != 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void putRows(Tensor x, Indices rows, Tensor y) {
    Nd4jRows.put(nd4j(x), rows.toArray(), nd4j(y));
  }

  @Override
  public void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    Nd4jRows.add(nd4j(dY), tokens.toArray(), paddingId, nd4j(dTable));
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    Nd4jScratch.run(
        () -> {
          INDArray in = matrix(x);
          INDArray scale = Transforms.sqrt(in.mul(in).mean(true, 1).addi(epsilon), false).rdivi(1);
          column(rstd).assign(scale);
          matrix(y).assign(in.mul(scale).muli(row(weight)));
        });
  }

  /** With n = x·rstd and g = dY·weight, {@code dX += rstd · (g − n · mean(g·n))}. */
  @Override
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    Nd4jScratch.run(
        () -> {
          INDArray n = matrix(x).mul(column(rstd));
          INDArray g = matrix(dY).mul(row(weight));
          INDArray mean = g.mul(n).mean(true, 1);
          matrix(dX).addi(g.subi(n.muli(mean)).muli(column(rstd)));
        });
  }

  @Override
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    Nd4jScratch.run(
        () -> row(dWeight).addi(matrix(x).mul(column(rstd)).muli(matrix(dY)).sum(true, 0)));
  }

  // ---- rotary position embedding -------------------------------------------------------------

  @Override
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
    if (positions.count() == 0) {
      return;
    }
    Nd4jScratch.run(
        () -> {
          INDArray c = Nd4jRows.gather(matrix(cos), nd4j(positions));
          INDArray s = Nd4jRows.gather(matrix(sin), nd4j(positions));
          Nd4jRows.rotate(nd4j(x), headSize, c, inverse ? s.negi() : s);
        });
  }

  // ---- attention -----------------------------------------------------------------------------

  @Override
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    new Nd4jAttention(heads, mask.branches(), scale).forward(tensors);
  }

  @Override
  public void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale) {
    new Nd4jAttention(heads, mask.branches(), scale).backward(tensors, gradients);
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  @Override
  public void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    Nd4jScratch.run(() -> Nd4jGate.forward(f, flat(gate), flat(up), flat(y)));
  }

  @Override
  public void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    Nd4jScratch.run(() -> Nd4jGate.backwardInPlace(f, flat(gate), flat(up), flat(dY)));
  }

  // ---- mixture of experts --------------------------------------------------------------------

  @Override
  public void scaleRows(Tensor y, Tensor factors) {
    Nd4jScratch.run(() -> matrix(y).muli(column(factors)));
  }

  @Override
  public void dotRows(Tensor a, Tensor b, Tensor y) {
    Nd4jScratch.run(() -> column(y).assign(matrix(a).mul(matrix(b)).sum(true, 1)));
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, boolean adds, Tensor y) {
    dropout.forMask(
        x.size(),
        rate,
        seed,
        (offset, count, mask) -> {
          INDArray masked = mask.muli(nd4j(x).arrayFrom(offset, count));
          INDArray out = nd4j(y).arrayFrom(offset, count);
          if (adds) {
            out.addi(masked);
          } else {
            out.assign(masked);
          }
        });
  }

  // ---- log-probabilities of the next token ---------------------------------------------------

  @Override
  public void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y) {
    Nd4jScratch.run(
        () -> {
          Nd4jLogProbs.Sums sums = Nd4jLogProbs.Sums.of(matrix(logits), temperature);
          flat(y.logSumExp()).assign(sums.logSumExp());
          flat(y.entropies()).assign(sums.entropies());
          flat(y.logProbs())
              .assign(Nd4jLogProbs.logProbs(nd4j(logits), nd4j(targets), temperature, sums));
          nd4j(y.argmax()).assign(Nd4j.argMax(matrix(logits), 1));
        });
  }

  @Override
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    Nd4jScratch.run(
        () ->
            Nd4jLogProbs.backwardInPlace(
                nd4j(logits), nd4j(targets), temperature, nd4j(logSumExp), nd4j(dLogProbs)));
  }

  // ---- sampling ------------------------------------------------------------------------------

  @Override
  public Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    return Nd4jScratch.of(() -> Nd4jSampling.sample(nd4j(logits), rule, uniforms, seen));
  }

  @Override
  public void close() {
    dropout.close();
    Nd4jScratch.freeOfCallingThread(); // other threads' workspaces end with them
  }

  @Override
  public String description() {
    return "ND4J operations on " + (Nd4j.getEnvironment().isCPU() ? "processors" : "a CUDA device");
  }
}
