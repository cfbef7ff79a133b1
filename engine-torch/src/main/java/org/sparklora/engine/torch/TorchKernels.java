package org.sparklora.engine.torch;

import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AdamW;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.DecodingSteps;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Kernels by libtorch's operators, the same on CPUs and on a GPU except for bfloat16 attention.
 * Only token ids, router logits and some numbers for each row of logits are copied to Java.
 *
 * <p>Thread-safe: calls run one after the other.
 */
final class TorchKernels implements Kernels {
  private final TorchDevice device;
  private final Scope scope;
  private final int threads;
  private final boolean inBfloat16;
  private final Products products;
  private final BranchAttention attention;
  private final Elementwise elementwise;
  private final Sampling sampling;
  private final TorchKernels inOtherType;

  TorchKernels(TorchDevice device, int threads) {
    this.device = device;
    this.scope = new Scope(threads);
    this.threads = threads;
    this.inBfloat16 = false;
    this.products = new Products(device, false);
    this.attention = new ProductAttention();
    this.elementwise = new Elementwise(device, ScalarType.Double);
    this.sampling = new Sampling(device, scope);
    this.inOtherType = new TorchKernels(this);
  }

  /** The kernels of {@code inFloat32}, with products in bfloat16. */
  private TorchKernels(TorchKernels inFloat32) {
    this.device = inFloat32.device;
    this.scope = inFloat32.scope;
    this.threads = inFloat32.threads;
    this.inBfloat16 = true;
    this.products = new Products(device, true);
    this.attention = device.isCuda() ? new FlashAttention() : inFloat32.attention;
    this.elementwise = new Elementwise(device, ScalarType.Float);
    this.sampling = inFloat32.sampling;
    this.inOtherType = inFloat32;
  }

  private static TorchTensor torch(Tensor tensor) {
    return TorchTensor.of(tensor);
  }

  // ---- memory --------------------------------------------------------------------------------

  @Override
  public Tensor allocate(DType dtype, long... shape) {
    return TorchTensor.allocate(device, dtype, shape);
  }

  @Override
  public boolean keepsBfloat16() {
    return device.isCuda(); // a GPU's memory is the scarcest
  }

  @Override
  public Tensor quantized(Nf4Tensor w) {
    return new TorchNf4(device, w);
  }

  @Override
  public int independentRows() {
    return Products.INDEPENDENT_ROWS;
  }

  @Override
  public boolean isInThisProcess() {
    return !device.isApart();
  }

  @Override
  public Kernels withProductsIn(DType dtype) {
    return dtype == DType.BFLOAT16 == inBfloat16 ? this : inOtherType;
  }

  @Override
  public DType operandType(int rows) {
    return inBfloat16 ? DType.BFLOAT16 : DType.FLOAT32;
  }

  @Override
  public DType activationType() {
    return inBfloat16 ? DType.BFLOAT16 : DType.FLOAT32;
  }

  @Override
  public Tensor over(HostTensor host) {
    return TorchTensor.over(device, host);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    scope.run(() -> torch(y).flat().copy_(torch(x).flat()));
  }

  @Override
  public void fill(Tensor y, float value) {
    scope.run(() -> torch(y).flat().fill_(new Scalar(value)));
  }

  @Override
  public void addScaled(Tensor x, float alpha, Tensor y) {
    scope.run(() -> torch(y).flat().add_(torch(x).flat(), new Scalar(alpha)));
  }

  @Override
  public void scale(Tensor y, float alpha) {
    scope.run(() -> torch(y).flat().mul_(new Scalar(alpha)));
  }

  @Override
  public double sumOfSquares(Tensor x) {
    return scope.of(() -> elementwise.sumOfSquares(torch(x)));
  }

  @Override
  public boolean isFinite(Tensor x) {
    return scope.of(() -> torch.all(torch.isfinite(torch(x).flat())).item_bool());
  }

  @Override
  public Indices indices(int[] values, int bound) {
    return TorchIndices.of(device, values, bound);
  }

  @Override
  public void putRows(Tensor x, Indices rows, Tensor y) {
    scope.run(() -> Elementwise.putRows(torch(x), TorchIndices.at(rows), torch(y)));
  }

  @Override
  public Arrival<TokenScores.Values> bring(TokenScores scores) {
    return scope.of(() -> LogProbs.bring(device, scores));
  }

  @Override
  public void upload(HostTensor x, Tensor y) {
    scope.run(() -> device.send(TorchDevice.over(x), torch(y).flat()));
  }

  @Override
  public void download(Tensor x, HostTensor y) {
    scope.run(() -> device.fetch(torch(x).flat(), y));
  }

  // ---- optimizer -----------------------------------------------------------------------------

  @Override
  public void adamW(AdamW.Vectors vectors, AdamW step) {
    scope.run(() -> Optimizer.adamW(device, vectors, step));
  }

  // ---- linear layers -------------------------------------------------------------------------

  @Override
  public void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y) {
    scope.run(() -> products.timesTransposed(torch(x), w, alpha, adds ? 1 : 0, torch(y)));
  }

  @Override
  public void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX) {
    scope.run(() -> products.backwardInput(torch(dY), w, alpha, adds ? 1 : 0, torch(dX)));
  }

  @Override
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    scope.run(() -> products.backwardWeight(torch(dY), torch(x), alpha, torch(dW)));
  }

  @Override
  public void addBias(Tensor y, Tensor bias) {
    scope.run(() -> torch(y).matrix().add_(torch(bias).flat()));
  }

  @Override
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    scope.run(() -> torch(dBias).flat().add_(torch(dY).matrix().sum(0)));
  }

  // ---- token embedding -----------------------------------------------------------------------

  @Override
  public void embed(Tensor table, Indices tokens, Tensor y) {
    scope.run(() -> Elementwise.embed(torch(table), tokens, torch(y)));
  }

  @Override
  public void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    scope.run(() -> Elementwise.embedBackward(tokens, paddingId, torch(dY), torch(dTable)));
  }

  // ---- root-mean-square norm -----------------------------------------------------------------

  @Override
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    scope.run(() -> elementwise.rmsNorm(torch(x), torch(weight), epsilon, torch(y), torch(rstd)));
  }

  @Override
  public void rmsNormAgain(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    scope.run(() -> Elementwise.rmsNormAgain(torch(x), torch(weight), torch(rstd), torch(y)));
  }

  @Override
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    scope.run(
        () ->
            Elementwise.rmsNormBackward(
                torch(x), torch(weight), torch(rstd), torch(dY), torch(dX)));
  }

  @Override
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    scope.run(
        () -> Elementwise.rmsNormBackwardWeight(torch(x), torch(rstd), torch(dY), torch(dWeight)));
  }

  // ---- rotation, attention -------------------------------------------------------------------

  @Override
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
    if (positions.count() > 0) {
      scope.run(
          () ->
              Elementwise.rotate(
                  torch(x),
                  headSize,
                  TorchIndices.of(positions).angles(torch(cos), torch(sin)),
                  inverse));
    }
  }

  @Override
  public AttentionMask mask(List<Branch> branches) {
    return new TorchMask(device, branches, Optional.empty());
  }

  @Override
  public DecodingSteps decodingSteps(boolean areAlike) {
    return new TorchDecodingSteps(this, device, scope, areAlike);
  }

  @Override
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    BranchAttention.ByHead in = new BranchAttention.ByHead(tensors, heads, scale);
    scope.run(() -> attention.forward(in, (TorchMask) mask));
  }

  @Override
  public void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale) {
    BranchAttention.ByHead in = new BranchAttention.ByHead(tensors, heads, scale);
    scope.run(() -> attention.backward(in, gradients, (TorchMask) mask));
  }

  // ---- feed-forward, experts -----------------------------------------------------------------

  @Override
  public void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    scope.run(() -> elementwise.gate(f, torch(gate), torch(up), torch(y)));
  }

  @Override
  public void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    scope.run(() -> Elementwise.gateBackwardInPlace(f, torch(gate), torch(up), torch(dY)));
  }

  @Override
  public void scaleRows(Tensor y, Tensor factors) {
    scope.run(() -> torch(y).matrix().mul_(torch(factors).as(factors.size(), 1)));
  }

  @Override
  public void dotRows(Tensor a, Tensor b, Tensor y) {
    scope.run(() -> torch(y).flat().copy_(torch(a).matrix().mul(torch(b).matrix()).sum(1)));
  }

  // ---- dropout -------------------------------------------------------------------------------

  @Override
  public void dropout(Tensor x, float rate, long seed, boolean adds, Tensor y) {
    scope.run(() -> elementwise.dropout(torch(x), rate, seed, adds, torch(y)));
  }

  // ---- log-probabilities of the next token ---------------------------------------------------

  @Override
  public void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y) {
    scope.run(() -> LogProbs.forward(torch(logits), TorchIndices.at(targets), temperature, y));
  }

  @Override
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    scope.run(
        () ->
            LogProbs.backwardInPlace(
                torch(logits),
                TorchIndices.at(targets),
                temperature,
                torch(logSumExp),
                torch(dLogProbs)));
  }

  // ---- sampling ------------------------------------------------------------------------------

  @Override
  public Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    return scope.of(() -> sampling.sample(torch(logits), rule, uniforms, seen));
  }

  @Override
  public String description() {
    return "libtorch on %s, %s thread%s".formatted(device, threads, threads == 1 ? "" : "s");
  }

  @Override
  public void close() {
    sampling.close(); // all other memory is in tensors, which their owners close
  }
}
