package org.sparklora.model.engine.vector;

import java.util.List;
import java.util.function.Supplier;
import org.sparklora.model.engine.AttentionGradients;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.HostIndices;
import org.sparklora.model.engine.HostTensor;
import org.sparklora.model.engine.Indices;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.engine.TokenScores;

/**
 * The fast kernels for processors: oneDNN's gemm for products of matrices, {@code
 * jdk.incubator.vector} for everything around it, and its own threads for both. Needs {@link
 * VectorModule}.
 *
 * <p>Here are the checks and the choice of what runs where; the loops are in {@link VectorMatmul},
 * {@link VectorAttention}, {@link VectorSampling}, {@link VectorRows}, {@link VectorElementwise}
 * and {@link VectorLogProbs}. Results do not depend on which thread does what: the same thread
 * count gives the same bits.
 *
 * <p>Thread-safe.
 */
final class VectorKernels implements Kernels {
  /** Rows of logits at a time, which are halved where a vocabulary is too large for so many. */
  private static final int MOST_LOGITS = 256;

  private static final int LEAST_LOGITS = 64;

  private final WorkerPool pool;
  private final VectorKernels inFloat32; // one of the two is this
  private final VectorKernels inBfloat16;
  private final VectorMatmul matmul;
  private final VectorAttentionBackward attentionBackward;

  VectorKernels(int threads) {
    this(new WorkerPool(threads));
  }

  private VectorKernels(WorkerPool pool) {
    this.pool = pool;
    this.matmul = new VectorMatmul(pool, false);
    this.attentionBackward = new VectorAttentionBackward(pool);
    this.inFloat32 = this;
    boolean faster = Bfloat16Gemm.isNative() && pool.isGemmLimited();
    this.inBfloat16 = faster ? new VectorKernels(this) : this;
  }

  /** The same with products in bfloat16. */
  private VectorKernels(VectorKernels inFloat32) {
    this.pool = inFloat32.pool;
    this.matmul = new VectorMatmul(pool, true);
    this.attentionBackward = inFloat32.attentionBackward;
    this.inFloat32 = inFloat32;
    this.inBfloat16 = this;
  }

  @Override
  public Kernels withProductsIn(DType dtype) {
    return dtype == DType.BFLOAT16 ? inBfloat16 : inFloat32;
  }

  @Override
  public <T> T run(Supplier<T> work) {
    return pool.onWorker(work);
  }

  @Override
  public DType operandType(int rows) {
    return this == inFloat32 || rows <= VectorFewRows.MOST ? DType.FLOAT32 : DType.BFLOAT16;
  }

  private static HostTensor host(Tensor tensor) {
    return (HostTensor) tensor;
  }

  private static HostIndices host(Indices indices) {
    return (HostIndices) indices;
  }

  @Override
  public Tensor allocate(DType dtype, long... shape) {
    return HostTensor.allocate(dtype, shape);
  }

  @Override
  public boolean keepsBfloat16() {
    return true;
  }

  @Override
  public int independentRows() {
    return VectorFewRows.MOST;
  }

  @Override
  public boolean packsWeights() {
    return this != inFloat32;
  }

  @Override
  public Tensor packed(Tensor w) {
    return PackedWeight.of(pool, host(w));
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    VectorElementwise.copy(pool, x, 1, y);
  }

  @Override
  public void fill(Tensor y, float value) {
    VectorElementwise.fill(pool, y, value);
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    VectorElementwise.addScaled(pool, x, alpha, y);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    return VectorElementwise.sumOfSquares(pool, x);
  }

  @Override
  public boolean isFinite(Tensor x) {
    return VectorElementwise.isFinite(pool, x);
  }

  @Override
  public void putRows(Tensor x, Indices rows, Tensor y) {
    VectorRows.putRows(pool, x, host(rows), y);
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, Tensor y) {
    pool.exclusively(() -> matmul.forward(host(x), w, 1, 0, host(y)));
  }

  @Override
  public void matmulAdd(Tensor x, Tensor w, float alpha, Tensor y) {
    pool.exclusively(() -> matmul.forward(host(x), w, alpha, 1, host(y)));
  }

  @Override
  public void matmulBackwardInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    pool.exclusively(() -> matmul.backwardInput(host(dY), host(w), alpha, 1, host(dX)));
  }

  @Override
  public void matmulInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    pool.exclusively(() -> matmul.backwardInput(host(dY), host(w), alpha, 0, host(dX)));
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    pool.exclusively(() -> matmul.backwardWeight(host(dY), host(x), alpha, host(dW)));
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    VectorRows.addBias(pool, y, bias);
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    VectorRows.addBiasBackward(pool, dY, dBias);
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  public void embed(Tensor table, Indices tokens, Tensor y) {
    VectorRows.embed(pool, table, host(tokens), y);
  }

  @Override
  public void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    VectorRows.embedBackward(pool, host(tokens), paddingId, dY, dTable);
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    VectorRows.rmsNorm(pool, x, weight, epsilon, y, rstd);
  }

  @Override
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    VectorRows.rmsNormBackward(pool, x, weight, rstd, dY, dX);
  }

  @Override
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    VectorRows.rmsNormBackwardWeight(pool, x, rstd, dY, dWeight);
  }

  // ---- rotary position embedding -------------------------------------------------------------

  @Override
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
    VectorRows.rotate(pool, x, headSize, cos, sin, host(positions), inverse);
  }

  // ---- attention -----------------------------------------------------------------------------

  @Override
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    VectorAttention.Call call = VectorAttention.Call.of(tensors, heads, scale);
    VectorAttention.forward(pool, call, mask.branches());
  }

  @Override
  public void attentionBackward(
      AttentionTensors tensors,
      AttentionGradients gradients,
      Heads heads,
      AttentionMask mask,
      float scale) {
    VectorAttentionBackward.Call call =
        VectorAttentionBackward.Call.of(tensors, gradients, heads, scale);
    pool.exclusively(() -> attentionBackward.run(call, mask));
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor y) {
    VectorElementwise.swiGlu(pool, gate, up, y);
  }

  @Override
  public void swiGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    VectorElementwise.swiGluBackwardInPlace(pool, gate, up, dY);
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, Tensor y) {
    VectorElementwise.dropout(pool, x, rate, seed, y);
  }

  @Override
  public void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX) {
    VectorElementwise.dropoutBackward(pool, dY, rate, seed, dX);
  }

  // ---- log-probabilities of the next token ---------------------------------------------------

  /** Whole tiles of gemm, of a size at which it is fast. */
  @Override
  public int logitsRows(int vocabSize) {
    int rows = Engine.usualLogitsRows(vocabSize);
    return rows < LEAST_LOGITS ? rows : Math.min(MOST_LOGITS, Integer.highestOneBit(rows));
  }

  @Override
  public void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y) {
    VectorLogProbs.forward(pool, logits, host(targets), temperature, y);
  }

  @Override
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    VectorLogProbs.backwardInPlace(pool, logits, host(targets), temperature, logSumExp, dLogProbs);
  }

  // ---- sampling ------------------------------------------------------------------------------

  @Override
  public Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    return VectorSampling.sample(pool, logits, rule, uniforms, seen);
  }

  @Override
  public void close() {
    pool.close();
    pool.exclusively(attentionBackward::close);
    pool.exclusively(inBfloat16.matmul::close);
  }

  @Override
  public String description() {
    return "vector %d-bit + oneDNN %sgemm, %s%s"
        .formatted(
            VectorMath.SPECIES.vectorBitSize(),
            this == inFloat32 ? "" : "bfloat16 ",
            pool.threads() == 1 ? "1 thread" : pool.threads() + " threads",
            pool.isGemmLimited() ? "" : " beside those of OpenMP");
  }
}
