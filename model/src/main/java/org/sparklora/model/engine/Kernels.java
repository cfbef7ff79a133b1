package org.sparklora.model.engine;

import java.util.List;
import java.util.function.Supplier;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostIndices;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The arithmetic of an {@link Engine}, one implementation for each way of computing. The engine's
 * methods of the same names document the methods and their shapes; only the engine calls these
 * methods, after it has checked all arguments.
 *
 * <p>Implementations are thread-safe: callers are served one after the other. Each owns its threads
 * and scratch memory until it is closed.
 */
public interface Kernels extends AutoCloseable {

  default Tensor allocate(DType dtype, long... shape) {
    return HostTensor.allocate(dtype, shape);
  }

  default boolean keepsBfloat16() {
    return false;
  }

  default boolean keepsNf4() {
    return true;
  }

  /** Moves w to the memory of these kernels; the result owns w. Only if {@link #keepsNf4}. */
  default Tensor quantized(Nf4Tensor w) {
    return w;
  }

  int independentRows();

  default boolean isInThisProcess() {
    return true;
  }

  default Kernels withProductsIn(DType dtype) {
    return this;
  }

  default <T> T run(Supplier<T> work) {
    return work.get();
  }

  default DType operandType(int rows) {
    return DType.FLOAT32;
  }

  /**
   * The type that the operands of a linear layer's product are rounded to: of W or dW {@code (out,
   * in)}, and of those of x, dY and dX {@code (N, …)} that the product reads or writes.
   */
  default DType productType(Tensor matrix, Tensor... rows) {
    return operandType(rows[0].rows());
  }

  default DType activationType() {
    return DType.FLOAT32;
  }

  /**
   * A tensor of these kernels over the memory of {@code host}, which frees the memory if {@code
   * host} would; for kernels that compute in this process.
   */
  default Tensor over(HostTensor host) {
    return host;
  }

  default boolean packsWeights(DType stored) {
    return false;
  }

  /** Called only if {@link #packsWeights}. */
  default Tensor packed(Tensor w) {
    throw new UnsupportedOperationException("Cannot pack a weight: " + description());
  }

  void copy(Tensor x, Tensor y);

  void fill(Tensor y, float value);

  void addScaled(Tensor x, float alpha, Tensor y);

  void scale(Tensor y, float alpha);

  double sumOfSquares(Tensor x);

  boolean isFinite(Tensor x);

  default Indices indices(int[] values, int bound) {
    return new HostIndices(values, bound);
  }

  void putRows(Tensor x, Indices rows, Tensor y);

  default Arrival<TokenScores.Values> bring(TokenScores scores) {
    TokenScores.Values values =
        new TokenScores.Values(
            scores.logProbs().toArray(), scores.entropies().toArray(), scores.argmax().toArray());
    return () -> values;
  }

  /** {@code y = x}, from host memory to the memory of these kernels. */
  default void upload(HostTensor x, Tensor y) {
    x.transferTo(y);
  }

  /** {@code y = x}, from the memory of these kernels to host memory; waits for the copy. */
  default void download(Tensor x, HostTensor y) {
    x.transferTo(y);
  }

  // ---- optimizer -----------------------------------------------------------------------------

  void adamW(AdamW.Vectors vectors, AdamW step);

  // ---- linear layers -------------------------------------------------------------------------

  void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y);

  void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX);

  void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW);

  void addBias(Tensor y, Tensor bias);

  void addBiasBackward(Tensor dY, Tensor dBias);

  // ---- token embedding -----------------------------------------------------------------------

  void embed(Tensor table, Indices tokens, Tensor y);

  void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable);

  // ---- root-mean-square norm -----------------------------------------------------------------

  void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd);

  default void rmsNormAgain(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    rmsNorm(x, weight, epsilon, y, rstd);
  }

  void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX);

  void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight);

  // ---- rotary position embedding -------------------------------------------------------------

  void rotate(Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse);

  // ---- attention -----------------------------------------------------------------------------

  default AttentionMask mask(List<Branch> branches) {
    return new AttentionMask(branches);
  }

  /** The caller closes the steps. */
  default DecodingSteps decodingSteps(boolean areAlike) {
    return new DecodingSteps(this);
  }

  void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale);

  void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale);

  // ---- gated feed-forward --------------------------------------------------------------------

  void gate(GateFunction f, Tensor gate, Tensor up, Tensor y);

  void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY);

  // ---- mixture of experts --------------------------------------------------------------------

  default Routing route(Tensor logits, Routing.Rule rule) {
    return Routing.of(logits, rule);
  }

  default void routeBackward(
      Routing routing, Tensor logits, float[] dWeights, double[] dEach, Tensor dLogits) {
    routing.backward(logits, dWeights, dEach, dLogits);
  }

  void scaleRows(Tensor y, Tensor factors);

  void dotRows(Tensor a, Tensor b, Tensor y);

  // ---- dropout -------------------------------------------------------------------------------

  /** {@link Engine#dropout}, or with {@code adds} {@link Engine#dropoutBackward}. */
  void dropout(Tensor x, float rate, long seed, boolean adds, Tensor y);

  // ---- log-probabilities of the next token ---------------------------------------------------

  default int logitsRows(int vocabSize) {
    return Engine.usualLogitsRows(vocabSize);
  }

  void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y);

  void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs);

  // ---- sampling ------------------------------------------------------------------------------

  Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen);

  String description();

  @Override
  default void close() {}
}
