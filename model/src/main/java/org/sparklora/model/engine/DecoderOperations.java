package org.sparklora.model.engine;

import java.util.List;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The arithmetic of an {@link Engine}. This class checks shapes and types once for all engines
 * before it calls the {@link Kernels}: wrong shapes throw, and no native call writes past a buffer.
 *
 * <p>Outputs named {@code y} are overwritten; gradients named {@code dX} are <b>added to</b>,
 * unless a parameter {@code adds} decides. Frozen weights (a linear's {@code w}, an embedding's
 * {@code table}) may be bfloat16, {@code w} also {@link Engine#quantized}; activations may be of
 * {@link Engine#activationType}, operands and results of products of {@link Engine#operandType};
 * everything else is float32. Shapes are as in the table of {@code org.sparklora.model}; a tensor
 * {@code (N, H, D)} may be passed in any shape with the same elements.
 */
abstract class DecoderOperations {
  final Kernels kernels;

  DecoderOperations(Kernels kernels) {
    this.kernels = kernels;
  }

  private Check check(String operation) {
    return new Check(operation, kernels);
  }

  /** All elements of {@code y} become {@code value}. */
  public final void fill(Tensor y, float value) {
    check("fill").activations(y);
    kernels.fill(y, value);
  }

  /** {@code y += alpha · x}, elementwise; both float32 or of {@link Engine#activationType}. */
  public final void addScaled(Tensor x, float alpha, Tensor y) {
    check("addScaled").activations(x, y).sameSize(x, y);
    kernels.addScaled(x, alpha, y);
  }

  /** {@code y *= alpha}, elementwise. */
  public final void scale(Tensor y, float alpha) {
    check("scale").activations(y);
    kernels.scale(y, alpha);
  }

  // ---- optimizer -----------------------------------------------------------------------------
  /**
   * Takes a step: changes parameters and moments, and sets the gradient to zero, in one pass. An
   * element's result depends on that element alone.
   */
  public final void adamW(AdamW.Vectors vectors, AdamW step) {
    Tensor[] others = {vectors.gradient(), vectors.first(), vectors.second()};
    check("adamW")
        .floats(vectors.parameters())
        .floats(others)
        .sameSize(vectors.parameters(), others);
    kernels.adamW(vectors, step);
  }

  // ---- linear layers -------------------------------------------------------------------------
  /** {@code y = x · wᵀ}: {@link #matmul(Tensor, Tensor, float, boolean, Tensor)} with alpha 1. */
  public final void matmul(Tensor x, Tensor w, Tensor y) {
    matmul(x, w, 1, false, y);
  }

  /**
   * {@code y = alpha · x · wᵀ}, with x {@code (N, in)}, w {@code (out, in)}, y {@code (N, out)}.
   *
   * @param adds whether y is added to instead of overwritten
   * @param y may be of {@link Engine#operandType}: the sums are then rounded once
   */
  public final void matmul(Tensor x, Tensor w, float alpha, boolean adds, Tensor y) {
    check("matmul").operands(x, y).linear(x, w, y);
    kernels.matmul(x, w, alpha, adds, y);
  }

  /**
   * {@code dX = alpha · dY · w}, with dY {@code (N, out)}, w {@code (out, in)}, dX {@code (N, in)}.
   *
   * @param adds whether dX is added to instead of overwritten
   * @param dX float32, or of {@link Engine#operandType} if it is overwritten
   */
  public final void matmulInput(Tensor dY, Tensor w, float alpha, boolean adds, Tensor dX) {
    Check check = check("matmulInput");
    (adds ? check.floats(dX) : check.operands(dX)).operands(dY).linear(dX, w, dY);
    kernels.matmulInput(dY, w, alpha, adds, dX);
  }

  /**
   * {@code dW += alpha · dYᵀ · x}, dY {@code (N, out)}, x {@code (N, in)}, dW {@code (out, in)}.
   */
  public final void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    check("matmulBackwardWeight").floats(dW).operands(dY, x).linear(x, dW, dY);
    kernels.matmulBackwardWeight(dY, x, alpha, dW);
  }

  /** {@code y += bias} in every row, with y {@code (N, out)}, bias {@code (out)}. */
  public final void addBias(Tensor y, Tensor bias) {
    check("addBias").operands(y).perColumn(y, bias);
    kernels.addBias(y, bias);
  }

  /** {@code dBias += Σₙ dY[n]}, with dY {@code (N, out)}, dBias {@code (out)}. */
  public final void addBiasBackward(Tensor dY, Tensor dBias) {
    check("addBiasBackward").operands(dY).floats(dBias).perColumn(dY, dBias);
    kernels.addBiasBackward(dY, dBias);
  }

  // ---- token embedding -----------------------------------------------------------------------
  /**
   * {@code y[n] = table[tokens[n]]}, tokens {@code (N)}, table {@code (V, C)}, y {@code (N, C)}.
   */
  public final void embed(Tensor table, Indices tokens, Tensor y) {
    check("embed").activations(y).rowsOf(table, tokens, "token", y);
    kernels.embed(table, tokens, y);
  }

  /**
   * {@code y[rows[n]] = x[n]}, with x {@code (N, C)} and y with more rows than the largest entry of
   * {@code rows}; {@link #embed} is the inverse. No two entries may be equal.
   */
  public final void putRows(Tensor x, Indices rows, Tensor y) {
    check("putRows").activations(x, y).rowsOf(y, rows, "row", x);
    kernels.putRows(x, rows, y);
  }

  /**
   * {@code dTable[tokens[n]] += dY[n]}, except where the token is {@code paddingId}: PyTorch's
   * {@code padding_idx} gets no gradient. A negative {@code paddingId} means there is none.
   */
  public final void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    check("embedBackward").floats(dTable, dY).rowsOf(dTable, tokens, "token", dY);
    kernels.embedBackward(tokens, paddingId, dY, dTable);
  }

  // ---- root-mean-square norm -----------------------------------------------------------------
  /**
   * {@code y = x · rstd · weight} with {@code rstd = 1 / √(mean(x²) + epsilon)} of each row.
   *
   * @param x {@code (M, C)}, where M is N, or N·H for a norm of each head
   * @param weight {@code (C)}
   * @param y {@code (M, C)}; may be {@code x} itself, or of {@link Engine#operandType}
   * @param rstd receives one number a row, {@code (M)}
   */
  public final void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    check("rmsNorm").operands(y).activations(x).rmsNorm(x, weight, rstd, y);
    kernels.rmsNorm(x, weight, epsilon, y, rstd);
  }

  /**
   * Recomputes {@link #rmsNorm} of x for a backward: y equals forward's within rounding; forward's
   * rstd is left as it is, or overwritten with equal values.
   */
  public final void rmsNormAgain(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    check("rmsNormAgain").operands(y).activations(x).rmsNorm(x, weight, rstd, y);
    kernels.rmsNormAgain(x, weight, epsilon, y, rstd);
  }

  /** Backward of {@link #rmsNorm}: adds to dX, which may not be dY. */
  public final void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    check("rmsNormBackward")
        .activations(x)
        .rmsNorm(x, weight, rstd, dY)
        .floats(dY, dX)
        .sameMatrix(x, dX);
    kernels.rmsNormBackward(x, weight, rstd, dY, dX);
  }

  /** {@code dWeight += Σₘ dY[m] · x[m] · rstd[m]}. */
  public final void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    check("rmsNormBackwardWeight").floats(dY, dWeight).activations(x).rmsNorm(x, dWeight, rstd, dY);
    kernels.rmsNormBackwardWeight(x, rstd, dY, dWeight);
  }

  // ---- rotary position embedding -------------------------------------------------------------
  /**
   * Rotates each head's pairs {@code (i, i + D/2)} in place by the angle of the token's position:
   * {@code a' = a·cos − b·sin, b' = b·cos + a·sin}.
   *
   * @param x {@code (N, heads, D)}
   * @param cos and {@code sin} {@code (positions, D/2)}
   * @param positions row of {@code cos} for each token, {@code (N)}
   * @param inverse whether to rotate back, which is the backward pass of the rotation
   */
  public final void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
    check("rotate").activations(x).rotary(x, headSize, cos, sin, positions);
    kernels.rotate(x, headSize, cos, sin, positions, inverse);
  }

  // ---- attention -----------------------------------------------------------------------------
  /** The mask of a packed batch: documents attend to themselves and to the ones they continue. */
  public final AttentionMask mask(Segments documents) {
    return mask(documents.branches());
  }

  /**
   * The mask of some branches, for keys in a cache; the caller closes it after its last attention.
   * No two branches have a query in common; the list is not copied.
   */
  public final AttentionMask mask(List<Branch> branches) {
    return kernels.mask(branches);
  }

  /**
   * Steps of decoding over one set of layers; the caller closes them. If {@code areAlike}, steps of
   * one shape run the same operations on the same tensors.
   */
  public final DecodingSteps decodingSteps(boolean areAlike) {
    return kernels.decodingSteps(areAlike);
  }

  /**
   * Softmax attention of each query over the keys that the mask lets it see. A query's result does
   * not depend on other branches; rows of y whose query is in no branch are left as they are.
   *
   * @param scale multiplies the scores before the softmax, usually 1/√D
   */
  public final void attention(
      AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    check("attention").attention(tensors, heads, mask);
    kernels.attention(tensors, heads, mask, scale);
  }

  /**
   * Adds to dQ, dK and dV; recomputes the probabilities from q, k and logSumExp.
   *
   * @throws IllegalArgumentException if the mask has no {@link AttentionMask#families}
   */
  public final void attentionBackward(
      AttentionTensors tensors, Gradients gradients, Heads heads, AttentionMask mask, float scale) {
    check("attentionBackward").attention(tensors, heads, mask).gradients(tensors, gradients);
    mask.families();
    kernels.attentionBackward(tensors, gradients, heads, mask, scale);
  }

  // ---- gated feed-forward --------------------------------------------------------------------
  /**
   * {@code y = f(gate) · up}, all {@code (N, F)}; each may be of {@link Engine#operandType}, and y
   * may be {@code up}'s or {@code gate}'s memory.
   */
  public final void gate(GateFunction f, Tensor gate, Tensor up, Tensor y) {
    check("gate").operands(gate, up, y).sameSize(gate, up, y);
    kernels.gate(f, gate, up, y);
  }

  /**
   * <b>Overwrites</b> {@code gate} with dGate and {@code up} with dUp, which saves two (N, F)
   * buffers: afterwards they no longer hold forward's values.
   */
  public final void gateBackwardInPlace(GateFunction f, Tensor gate, Tensor up, Tensor dY) {
    check("gateBackwardInPlace").floats(dY).operands(gate, up).sameSize(gate, up, dY);
    kernels.gateBackwardInPlace(f, gate, up, dY);
  }

  // ---- mixture of experts --------------------------------------------------------------------
  /** The experts of each token, of router logits {@code (N, E)}; waits for a device. */
  public final Routing route(Tensor logits, Routing.Rule rule) {
    int experts = logits.columns();
    check("route").floats(logits).require(rule.active() <= experts, "%s of %s", rule, experts);
    return kernels.route(logits, rule);
  }

  /**
   * Overwrites {@code dLogits} {@code (N, E)} with the gradient of the logits of a routing.
   *
   * @param dWeights gradient of the weight of each row, {@code (N·k)}
   * @param dEach gradient of the probability of each expert, for all tokens, {@code (E)}
   */
  public final void routeBackward(
      Routing routing, Tensor logits, float[] dWeights, double[] dEach, Tensor dLogits) {
    check("routeBackward").floats(logits, dLogits).sameMatrix(logits, dLogits);
    kernels.routeBackward(routing, logits, dWeights, dEach, dLogits);
  }

  /** {@code y[m] *= factors[m]}, with y {@code (M, C)} and factors {@code (M)}. */
  public final void scaleRows(Tensor y, Tensor factors) {
    check("scaleRows").activations(y).floats(factors).perRow(y, factors.size(), "factors");
    kernels.scaleRows(y, factors);
  }

  /** {@code y[m] = Σ a[m] · b[m]}, with a and b {@code (M, C)} and y {@code (M)}. */
  public final void dotRows(Tensor a, Tensor b, Tensor y) {
    check("dotRows").activations(a).floats(b, y).sameMatrix(a, b).perRow(a, y.size(), "y");
    kernels.dotRows(a, b, y);
  }

  // ---- dropout -------------------------------------------------------------------------------
  /**
   * {@code y = x · m / (1 − rate)} with m in {0, 1} drawn from a counter-based generator: the same
   * seed gives the same mask on every implementation, so backward needs no stored mask.
   *
   * @param x and {@code y} float32 or of {@link Engine#operandType}, both of one type
   */
  public final void dropout(Tensor x, float rate, long seed, Tensor y) {
    check("dropout")
        .operands(x, y)
        .sameSize(x, y)
        .rate(rate)
        .require(x.dtype() == y.dtype(), "%s and %s differ in type", x, y);
    kernels.dropout(x, rate, seed, false, y);
  }

  /** {@code dX += dY · m / (1 − rate)} with the mask of {@link #dropout}. */
  public final void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX) {
    check("dropoutBackward").floats(dY, dX).sameSize(dY, dX).rate(rate);
    kernels.dropout(dY, rate, seed, true, dX);
  }

  // ---- log-probabilities of the next token ---------------------------------------------------
  /**
   * Overwrites y with the scores of targets {@code (M)} by logits {@code (M, V)}, which are first
   * divided by {@code temperature} and left as they are.
   */
  public final void tokenLogProbs(
      Tensor logits, Indices targets, float temperature, TokenScores y) {
    check("tokenLogProbs")
        .logProbs(logits, targets, temperature, y.logProbs(), y.logSumExp(), y.entropies())
        .perRow(logits, y.argmax().count(), "argmax");
    kernels.tokenLogProbs(logits, targets, temperature, y);
  }

  /**
   * <b>Overwrites</b> {@code logits} with the gradient of {@code Σₘ dLogProbs[m] · logProbs[m]},
   * {@code dLogProbs[m] · (onehot(target) − softmax) / temperature}; dLogProbs, and logSumExp of
   * {@link #tokenLogProbs}, are {@code (M)}.
   */
  public final void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    check("tokenLogProbsBackwardInPlace")
        .logProbs(logits, targets, temperature, logSumExp, dLogProbs);
    kernels.tokenLogProbsBackwardInPlace(logits, targets, temperature, logSumExp, dLogProbs);
  }

  // ---- sampling ------------------------------------------------------------------------------
  /**
   * Picks a token for each row: the likeliest, or one drawn from softmax(logits / temperature) over
   * the tokens that the rule leaves, by inverting the distribution function: the first token at
   * which the sum of the probabilities, in the order of the ids, exceeds the row's uniform number.
   *
   * @param logits {@code (M, V)}; left as they are
   * @param uniforms {@code (M)} in [0, 1); without effect if the rule is greedy
   * @param seen tokens of each row that get the repetition penalty, once however often a token
   *     occurs; an empty list if the rule has no penalty
   * @return {@link Draws#NOT_FINITE} for a row with a NaN or infinite logit, also if greedy
   */
  public final Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    Check check = check("sample").floats(logits).perRow(logits, uniforms.length, "uniforms");
    if (rule.hasPenalty()) {
      check.seen(logits, seen);
    }
    return kernels.sample(logits, rule, uniforms, seen);
  }
}
