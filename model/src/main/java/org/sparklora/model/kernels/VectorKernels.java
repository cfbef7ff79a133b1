package org.sparklora.model.kernels;

import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * The fast kernels for processors: oneDNN's gemm for products of matrices, {@code
 * jdk.incubator.vector} for everything around it, and its own threads for both. Needs {@link
 * VectorModule}.
 *
 * <p>Here are the checks and the choice of what runs where; the loops are in {@link VectorMatmul},
 * {@link VectorAttention}, {@link VectorBranchAttention}, {@link VectorDraw}, {@link VectorRows},
 * {@link VectorElementwise} and {@link VectorLogProbs}. Results do not depend on which thread does
 * what: the same thread count gives the same bits.
 *
 * <p>Thread-safe.
 */
final class VectorKernels implements Kernels {
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

  private static HostTensor host(Tensor tensor) {
    return (HostTensor) tensor;
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
  public Tensor wrap(Pointer memory, long byteOffset, DType dtype, long... shape) {
    return HostTensor.wrap(memory, byteOffset, dtype, shape);
  }

  @Override
  public Tensor adopt(NativeMemory memory, DType dtype, long... shape) {
    return HostTensor.owning(memory, dtype, shape);
  }

  @Override
  public void writeBack(Tensor wrapped, Pointer memory) {
    // it is the same memory
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    Shapes.sameSize("copy", x, y);
    VectorElementwise.copy(pool, x, y);
  }

  @Override
  public void fill(Tensor y, float value) {
    Shapes.floats("fill", y);
    VectorElementwise.fill(pool, y, value);
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    Shapes.floats("addScaled", x, y);
    Shapes.sameSize("addScaled", x, y);
    VectorElementwise.addScaled(pool, x, alpha, y);
  }

  @Override
  public double sumOfSquares(Tensor x) {
    Shapes.floats("sumOfSquares", x);
    return VectorElementwise.sumOfSquares(pool, x);
  }

  @Override
  public boolean isFinite(Tensor x) {
    return VectorElementwise.isFinite(pool, x);
  }

  @Override
  public void putRows(Tensor x, int[] rows, Tensor y) {
    Shapes.putRows(x, rows, y);
    VectorRows.putRows(pool, x, rows, y);
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, Tensor y) {
    Shapes.floats("matmul", x, y);
    Shapes.linear("matmul", x, w, y);
    matmul.forward(host(x), host(w), 1, 0, host(y));
  }

  @Override
  public void matmulAdd(Tensor x, Tensor w, float alpha, Tensor y) {
    Shapes.floats("matmulAdd", x, y);
    Shapes.linear("matmulAdd", x, w, y);
    matmul.forward(host(x), host(w), alpha, 1, host(y));
  }

  @Override
  public void matmulBackwardInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    Shapes.floats("matmulBackwardInput", dY, dX);
    Shapes.linear("matmulBackwardInput", dX, w, dY);
    matmul.backwardInput(host(dY), host(w), alpha, host(dX));
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Shapes.floats("matmulBackwardWeight", dY, x, dW);
    Shapes.linear("matmulBackwardWeight", x, dW, dY);
    matmul.backwardWeight(host(dY), host(x), alpha, host(dW));
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    Shapes.floats("addBias", y);
    Shapes.perColumn("addBias", y, bias);
    VectorRows.addBias(pool, y, bias);
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    Shapes.floats("addBiasBackward", dY, dBias);
    Shapes.perColumn("addBiasBackward", dY, dBias);
    VectorRows.addBiasBackward(pool, dY, dBias);
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  public void embed(Tensor table, int[] tokens, Tensor y) {
    Shapes.embedding("embed", table, tokens, y);
    VectorRows.embed(pool, table, tokens, y);
  }

  @Override
  public void embedBackward(int[] tokens, int paddingId, Tensor dY, Tensor dTable) {
    Shapes.floats("embedBackward", dTable);
    Shapes.embedding("embedBackward", dTable, tokens, dY);
    VectorRows.embedBackward(pool, tokens, paddingId, dY, dTable);
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    Shapes.rmsNorm("rmsNorm", x, weight, rstd, y);
    VectorRows.rmsNorm(pool, x, weight, epsilon, y, rstd);
  }

  @Override
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    Shapes.rmsNorm("rmsNormBackward", x, weight, rstd, dY);
    Shapes.floats("rmsNormBackward", dX);
    Shapes.sameMatrix("rmsNormBackward", x, dX);
    VectorRows.rmsNormBackward(pool, x, weight, rstd, dY, dX);
  }

  @Override
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    Shapes.floats("rmsNormBackwardWeight", dWeight);
    Shapes.rmsNorm("rmsNormBackwardWeight", x, dWeight, rstd, dY);
    VectorRows.rmsNormBackwardWeight(pool, x, rstd, dY, dWeight);
  }

  // ---- rotary position embedding -------------------------------------------------------------

  @Override
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, int[] positions, boolean inverse) {
    Shapes.rotary(x, headSize, cos, sin, positions);
    VectorRows.rotate(pool, x, headSize, cos, sin, positions, inverse);
  }

  // ---- attention -----------------------------------------------------------------------------

  @Override
  public void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      Segments segments,
      float scale,
      Tensor y,
      Tensor logSumExp) {
    Shapes.attention(q, k, v, heads, segments, y, logSumExp);
    VectorAttention.forward(
        pool, host(q), host(k), host(v), heads, segments, scale, host(y), host(logSumExp));
  }

  @Override
  public void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      List<Branch> branches,
      float scale,
      Tensor y,
      Tensor logSumExp) {
    Shapes.attention(q, k, v, heads, branches, y, logSumExp);
    VectorBranchAttention.forward(
        pool,
        new VectorBranchAttention.Call(
            host(q), host(k), host(v), heads, scale, host(y), host(logSumExp)),
        branches);
  }

  @Override
  public void attentionBackward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor y,
      Tensor logSumExp,
      Tensor dY,
      Heads heads,
      Segments segments,
      float scale,
      Tensor dQ,
      Tensor dK,
      Tensor dV) {
    Shapes.attention(q, k, v, heads, segments, y, logSumExp);
    Shapes.attention(dQ, dK, dV, heads, segments, dY, logSumExp);
    attentionBackward.run(
        new VectorAttentionBackward.Call(
            host(q),
            host(k),
            host(v),
            host(y),
            host(logSumExp),
            host(dY),
            heads,
            scale,
            host(dQ),
            host(dK),
            host(dV)),
        segments);
  }

  @Override
  public void attentionBackward(
      Tensor q,
      Tensor k,
      Tensor v,
      Tensor y,
      Tensor logSumExp,
      Tensor dY,
      Heads heads,
      List<Branch> branches,
      float scale,
      Tensor dQ,
      Tensor dK,
      Tensor dV) {
    Shapes.attention(q, k, v, heads, branches, y, logSumExp);
    Shapes.attention(dQ, dK, dV, heads, branches, dY, logSumExp);
    Shapes.roots(branches);
    VectorBranchAttentionBackward.run(
        pool,
        new VectorAttentionBackward.Call(
            host(q),
            host(k),
            host(v),
            host(y),
            host(logSumExp),
            host(dY),
            heads,
            scale,
            host(dQ),
            host(dK),
            host(dV)),
        branches);
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  @Override
  public void swiGlu(Tensor gate, Tensor up, Tensor y) {
    Shapes.swiGlu("swiGlu", gate, up, y);
    VectorElementwise.swiGlu(pool, gate, up, y);
  }

  @Override
  public void swiGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    Shapes.swiGlu("swiGluBackwardInPlace", gate, up, dY);
    VectorElementwise.swiGluBackwardInPlace(pool, gate, up, dY);
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, Tensor y) {
    Shapes.dropout("dropout", x, rate, y);
    VectorElementwise.dropout(pool, x, rate, seed, y);
  }

  @Override
  public void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX) {
    Shapes.dropout("dropoutBackward", dY, rate, dX);
    VectorElementwise.dropoutBackward(pool, dY, rate, seed, dX);
  }

  // ---- log-probabilities of the next token ---------------------------------------------------

  @Override
  public void tokenLogProbs(
      Tensor logits,
      int[] targets,
      float temperature,
      float[] logProbs,
      float[] logSumExp,
      float[] entropies,
      int[] argmax) {
    Shapes.logProbs(logits, targets, temperature, logProbs, logSumExp, entropies);
    Shapes.perRow("tokenLogProbs", logits, argmax.length, "argmax");
    VectorLogProbs.forward(
        pool, logits, targets, temperature, logProbs, logSumExp, entropies, argmax);
  }

  @Override
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, int[] targets, float temperature, float[] logSumExp, float[] dLogProbs) {
    Shapes.logProbs(logits, targets, temperature, logSumExp, dLogProbs);
    VectorLogProbs.backwardInPlace(pool, logits, targets, temperature, logSumExp, dLogProbs);
  }

  // ---- sampling ------------------------------------------------------------------------------

  @Override
  public void drawTokens(
      Tensor logits, float temperature, float[] floors, double[] uniforms, int[] tokens) {
    Shapes.draw(logits, temperature, floors, uniforms, tokens);
    VectorDraw.draw(pool, logits, temperature, floors, uniforms, tokens);
  }

  @Override
  public void close() {
    pool.close();
    attentionBackward.close();
    inBfloat16.matmul.close();
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
