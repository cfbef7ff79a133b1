package org.sparklora.model.engine.vector;

import java.util.function.Supplier;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The fast kernels for CPUs: oneDNN's gemm for matrix products, {@code jdk.incubator.vector} for
 * all other operations, on threads of their own. Needs {@link VectorProvider#loadsModule}.
 *
 * <p>Operations on elements or rows are inherited; products and attention are in {@link
 * VectorMatmul} and {@link VectorAttention}. If a gemm runs on one thread, results depend neither
 * on the number of threads nor on which of them computes which part.
 *
 * <p>Thread-safe.
 */
final class VectorKernels implements VectorRows, VectorLogProbs, VectorOptimizer, VectorSampling {
  /** Most rows of logits at a time; halved until the logits of a large vocabulary fit. */
  private static final int MOST_LOGITS = 256;

  private static final int LEAST_LOGITS = 64;

  private final WorkerPool pool;
  private final VectorKernels inFloat32; // this, or its float32 counterpart
  private final VectorKernels inBfloat16;
  private final VectorMatmul matmul;
  private final VectorAttentionBackward attentionBackward;

  VectorKernels(WorkerPool pool) {
    this.pool = pool;
    this.matmul = new VectorMatmul(pool, false);
    this.attentionBackward = new VectorAttentionBackward(pool);
    this.inFloat32 = this;
    boolean faster = CompiledGemm.multipliesBfloat16() && pool.isGemmLimited();
    this.inBfloat16 = faster ? new VectorKernels(this) : this;
  }

  /** Kernels on the same threads, with products in bfloat16. */
  private VectorKernels(VectorKernels inFloat32) {
    this.pool = inFloat32.pool;
    this.matmul = new VectorMatmul(pool, true);
    this.attentionBackward = inFloat32.attentionBackward;
    this.inFloat32 = inFloat32;
    this.inBfloat16 = this;
  }

  @Override
  public WorkerPool pool() {
    return pool;
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

  @Override
  public DType productType(Tensor matrix, Tensor... rows) {
    return matmul.rounds(matrix, rows) ? DType.BFLOAT16 : DType.FLOAT32;
  }

  private static HostTensor host(Tensor tensor) {
    return (HostTensor) tensor;
  }

  @Override
  public boolean keepsBfloat16() {
    return true;
  }

  @Override
  public int independentRows() {
    return VectorFewRows.MOST;
  }

  /**
   * With float32 products only weights stored in bfloat16, whose copies lose no precision; never
   * NF4, whose copies would take four times its memory.
   */
  @Override
  public boolean packsWeights(DType stored) {
    return stored != DType.NF4 && this != inFloat32
        || stored == DType.BFLOAT16 && CompiledGemm.widensPacked() && pool.isGemmLimited();
  }

  @Override
  public Tensor packed(Tensor w) {
    if (this == inFloat32 && w.rows() % CompiledGemm.LANES != 0) {
      return w.view(0, w.shape());
    }
    return PackedWeight.of(pool, host(w), operandType(Integer.MAX_VALUE));
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y) {
    pool.exclusively(() -> matmul.forward(host(x), w, alpha, adds, host(y)));
  }

  @Override
  public void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX) {
    pool.exclusively(() -> matmul.backwardInput(host(dY), w, alpha, adds, host(dX)));
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    pool.exclusively(() -> matmul.backwardWeight(host(dY), host(x), alpha, host(dW)));
  }

  // ---- attention -----------------------------------------------------------------------------

  @Override
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    VectorAttention.forward(pool, new VectorAttention.Call(tensors, heads, scale), mask.branches());
  }

  @Override
  public void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale) {
    VectorAttention.Call forward = new VectorAttention.Call(tensors, heads, scale);
    VectorAttentionBackward.Call call = new VectorAttentionBackward.Call(forward, gradients);
    pool.exclusively(() -> attentionBackward.run(call, mask));
  }

  // ---- rows of logits ------------------------------------------------------------------------

  /** A power of two, so that gemm computes whole tiles, except for very large vocabularies. */
  @Override
  public int logitsRows(int vocabSize) {
    int rows = Engine.usualLogitsRows(vocabSize);
    return rows < LEAST_LOGITS ? rows : Math.min(MOST_LOGITS, Integer.highestOneBit(rows));
  }

  @Override
  public void close() {
    pool.close();
    pool.exclusively(attentionBackward::close);
    pool.exclusively(inFloat32.matmul::close);
    pool.exclusively(inBfloat16.matmul::close);
  }

  @Override
  public String description() {
    return "vector %s-bit + oneDNN %sgemm, %s%s"
        .formatted(
            VectorMath.SPECIES.vectorBitSize(),
            this == inFloat32 ? "" : "bfloat16 ",
            pool.threads() == 1 ? "1 thread" : pool.threads() + " threads",
            pool.isGemmLimited() ? "" : " beside those of OpenMP");
  }
}
