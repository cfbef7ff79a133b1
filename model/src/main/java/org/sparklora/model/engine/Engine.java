package org.sparklora.model.engine;

import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;

/**
 * Where the decoder is computed: memory, threads or a device, and the arithmetic on them. Whoever
 * {@link Engines#open opens} an engine closes it; tensors have owners of their own.
 *
 * <p>Shapes and types are checked here, once for all engines, before {@link Kernels} compute: a
 * wrong shape ends in a message, never in a native call that writes past a buffer. All kernels
 * agree with those of the reference engine within the tolerances of {@code EngineContractTest}.
 *
 * <p>Outputs named {@code y} are overwritten; gradients named {@code dX} are <b>added to</b>.
 * Nothing is allocated except by {@link #allocate} and scratch memory that is kept and reused.
 * Frozen weights (a linear's {@code w}, an embedding's {@code table}) may be bfloat16, activations
 * of {@link #activationType}; everything else is float32. Shapes are as in the table of {@code
 * org.sparklora.model}; a leading {@code (N, H, D)} may be passed in any shape with the same
 * elements.
 *
 * <p>Thread-safe: one engine serves callers one after the other and uses its own threads inside.
 */
public final class Engine implements AutoCloseable {
  private final Kernels kernels;

  Engine(Kernels kernels) {
    this.kernels = kernels;
  }

  /** What computes, for tests of one implementation. */
  Kernels kernels() {
    return kernels;
  }

  /** A new tensor of zeros, float32 or bfloat16, to be closed by the caller. */
  public Tensor allocate(DType dtype, long... shape) {
    return kernels.allocate(dtype, shape);
  }

  /** A new float32 tensor of zeros, to be closed by the caller. */
  public Tensor allocate(long... shape) {
    return allocate(DType.FLOAT32, shape);
  }

  /**
   * Whether a weight that is stored in bfloat16 is best kept so, since widening its elements costs
   * less than reading twice the memory does.
   */
  public boolean keepsBfloat16() {
    return kernels.keepsBfloat16();
  }

  /**
   * Up to how many rows (N) of one call a row's result is, to the last bit, what it is when the row
   * is computed alone; 0 where rows are rounded together. It holds for all that decoding computes:
   * linear layers, norms, rotation, gated feed-forward, log-probabilities and draws. {@link
   * #attention} is beyond rows: what a query gets depends on its own branch alone.
   */
  public int independentRows() {
    return kernels.independentRows();
  }

  /** Whether tensors lie in this process's memory, and not in that of a device. */
  public boolean isInThisProcess() {
    return kernels.isInThisProcess();
  }

  /**
   * This engine, on the same threads and closed with it, with products of matrices in another type:
   * in bfloat16 the operands are rounded and the sums are float32, as in PyTorch's autocast.
   *
   * @param dtype float32 or bfloat16; engines and processors that are no faster in bfloat16 stay
   *     with float32
   */
  public Engine withProductsIn(DType dtype) {
    Kernels other = kernels.withProductsIn(dtype);
    return other == kernels ? this : new Engine(other);
  }

  /**
   * Does work of many calls on the thread that they cost least from, one of the engine's own where
   * it has some, and returns its result. Other callers may have to wait until it is done.
   *
   * @throws RuntimeException or an error: what the work throws
   */
  public <T> T run(Supplier<T> work) {
    return kernels.run(work);
  }

  /**
   * What linear layers round x and dY of so many rows (N) to. They take them rounded as well, so
   * that a caller can do once, by {@link #copy}, what each product would do again.
   */
  public DType operandType(int rows) {
    return kernels.operandType(rows);
  }

  /**
   * What activations that are kept, for backward or in a cache of keys and values, are best held
   * in: float32, or bfloat16 where products are. Operations take and give either; gradients, and
   * what a softmax and a norm leave, are float32 in any case.
   */
  public DType activationType() {
    return kernels.activationType();
  }

  /** Float32 numbers in memory of this process that somebody else owns, as a tensor. */
  public HostAlias alias(Pointer floats, long size) {
    HostTensor memory = HostTensor.wrap(floats, 0, DType.FLOAT32, size);
    return isInThisProcess()
        ? new HostAlias(kernels.over(memory), () -> {})
        : aliasOfCopy(memory, copied(memory));
  }

  private HostAlias aliasOfCopy(HostTensor memory, Tensor copy) {
    return new HostAlias(copy, () -> kernels.download(copy, memory));
  }

  /**
   * Float32 numbers in memory of this process that somebody else owns, as a tensor to add to. Where
   * the engine computes elsewhere the tensor is zeros on its device, so that nothing goes there,
   * and {@link HostAlias#writeBack} adds it to the memory.
   */
  public HostAlias accumulator(Pointer floats, long size) {
    HostTensor memory = HostTensor.wrap(floats, 0, DType.FLOAT32, size);
    if (isInThisProcess()) {
      return new HostAlias(kernels.over(memory), () -> {});
    }
    Tensor sum = allocate(size);
    return new HostAlias(sum, () -> kernels.addTo(sum, memory));
  }

  /**
   * A tensor over memory that belongs to it from now on: closing the tensor frees it. Engines that
   * compute elsewhere copy it and free it at once.
   */
  public Tensor adopt(NativeMemory memory, DType dtype, long... shape) {
    HostTensor host = HostTensor.owning(memory, dtype, shape);
    if (isInThisProcess()) {
      return kernels.over(host);
    }
    try (host) {
      return copied(host);
    }
  }

  private Tensor copied(HostTensor host) {
    Tensor copy = allocate(host.dtype(), host.shape());
    try {
      kernels.upload(host, copy);
      return copy;
    } catch (RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  /**
   * Whether products of few rows, up to {@link #independentRows}, are computed faster with {@link
   * #packed} weights: where products are in bfloat16, on processors that have the instructions.
   */
  public boolean packsWeights() {
    return kernels.packsWeights();
  }

  /**
   * A copy of a linear layer's weight, rounded to the type of products, for {@link #matmul} and
   * {@link #matmulAdd} alone: they compute few rows with it, and more with the weight itself.
   *
   * @param w {@code (out, in)}; must outlive the copy, and stay as it is
   * @return to be closed by the caller
   * @throws UnsupportedOperationException if this engine has no use for it, as {@link
   *     #packsWeights} tells
   */
  public Tensor packed(Tensor w) {
    return kernels.packed(w);
  }

  /** {@code y = x}; both of one size. Widens x, or rounds it if y alone is bfloat16. */
  public void copy(Tensor x, Tensor y) {
    Shapes.sameSize("copy", x, y);
    kernels.copy(x, y);
  }

  /** A new tensor of x's shape and another type that holds {@link #copy} of it. */
  public Tensor copyAs(DType dtype, Tensor x) {
    Tensor y = allocate(dtype, x.shape());
    try {
      copy(x, y);
      return y;
    } catch (RuntimeException e) {
      y.close();
      throw e;
    }
  }

  /** All elements of {@code y} become {@code value}. */
  public void fill(Tensor y, float value) {
    Shapes.floats("fill", y);
    kernels.fill(y, value);
  }

  /** {@code y += alpha · x}, elementwise. */
  public void addScaled(Tensor x, float alpha, Tensor y) {
    Shapes.floats("addScaled", x, y);
    Shapes.sameSize("addScaled", x, y);
    kernels.addScaled(x, alpha, y);
  }

  /** {@code Σ x²} over all elements. */
  public double sumOfSquares(Tensor x) {
    Shapes.floats("sumOfSquares", x);
    return kernels.sumOfSquares(x);
  }

  /** Whether no element is NaN or infinite; x may be of any type. */
  public boolean isFinite(Tensor x) {
    return kernels.isFinite(x);
  }

  /**
   * Indices that live where this engine computes, to be closed by the caller.
   *
   * @param values none negative; not copied by engines that compute in this process, so they may
   *     not change
   */
  public Indices indices(int[] values) {
    return kernels.indices(values, Shapes.bound(values));
  }

  /**
   * Indices that an operation will fill, to be closed by the caller.
   *
   * @param values as many as will be; overwritten where the engine computes in this process
   * @param bound above all that will be written
   */
  public Indices indices(int[] values, int bound) {
    return kernels.indices(values, bound);
  }

  /**
   * {@code y[rows[n]] = x[n]}, with x {@code (N, C)} and y of at least as many rows as the largest
   * entry says; {@link #embed} is the way back. No two entries may be equal.
   */
  public void putRows(Tensor x, Indices rows, Tensor y) {
    activations("putRows", x, y);
    Shapes.putRows(x, rows, y);
    kernels.putRows(x, rows, y);
  }

  /**
   * Begins to bring scores to this process; the tensors may be closed, or overwritten, before they
   * have arrived.
   */
  public Arrival<TokenScores.Values> bring(TokenScores scores) {
    return kernels.bring(scores);
  }

  // ---- linear layers -------------------------------------------------------------------------
  /** {@code y = x · wᵀ}, with x {@code (N, in)}, w {@code (out, in)}, y {@code (N, out)}. */
  public void matmul(Tensor x, Tensor w, Tensor y) {
    activations("matmul", y);
    operands("matmul", x);
    Shapes.linear("matmul", x, w, y);
    kernels.matmul(x, w, y);
  }

  /** {@code y += alpha · x · wᵀ}, shapes as in {@link #matmul}. */
  public void matmulAdd(Tensor x, Tensor w, float alpha, Tensor y) {
    activations("matmulAdd", y);
    operands("matmulAdd", x);
    Shapes.linear("matmulAdd", x, w, y);
    kernels.matmulAdd(x, w, alpha, y);
  }

  /**
   * {@code dX += alpha · dY · w}, with dY {@code (N, out)}, w {@code (out, in)}, dX {@code (N,
   * in)}.
   */
  public void matmulBackwardInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    Shapes.floats("matmulBackwardInput", dX);
    operands("matmulBackwardInput", dY);
    Shapes.linear("matmulBackwardInput", dX, w, dY);
    kernels.matmulBackwardInput(dY, w, alpha, dX);
  }

  /**
   * {@code dX = alpha · dY · w}: {@link #matmulBackwardInput} for a gradient that nothing else adds
   * to, overwritten, which may be of {@link #operandType}.
   */
  public void matmulInput(Tensor dY, Tensor w, float alpha, Tensor dX) {
    operands("matmulInput", dY, dX);
    Shapes.linear("matmulInput", dX, w, dY);
    kernels.matmulInput(dY, w, alpha, dX);
  }

  /**
   * {@code dW += alpha · dYᵀ · x}, with dY {@code (N, out)}, x {@code (N, in)}, dW {@code (out,
   * in)}.
   */
  public void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW) {
    Shapes.floats("matmulBackwardWeight", dW);
    operands("matmulBackwardWeight", dY, x);
    Shapes.linear("matmulBackwardWeight", x, dW, dY);
    kernels.matmulBackwardWeight(dY, x, alpha, dW);
  }

  private void activations(String operation, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      Shapes.activation(operation, tensor, activationType());
    }
  }

  private void operands(String operation, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      Shapes.operand(operation, tensor, operandType(tensor.rows()));
    }
  }

  /** {@code y += bias} in every row, with y {@code (N, out)}, bias {@code (out)}. */
  public void addBias(Tensor y, Tensor bias) {
    activations("addBias", y);
    Shapes.perColumn("addBias", y, bias);
    kernels.addBias(y, bias);
  }

  /** {@code dBias += Σₙ dY[n]}, with dY {@code (N, out)}, dBias {@code (out)}. */
  public void addBiasBackward(Tensor dY, Tensor dBias) {
    activations("addBiasBackward", dY);
    Shapes.floats("addBiasBackward", dBias);
    Shapes.perColumn("addBiasBackward", dY, dBias);
    kernels.addBiasBackward(dY, dBias);
  }

  // ---- token embedding -----------------------------------------------------------------------
  /**
   * {@code y[n] = table[tokens[n]]}, with tokens {@code (N)}, table {@code (V, C)}, y {@code (N,
   * C)}.
   */
  public void embed(Tensor table, Indices tokens, Tensor y) {
    activations("embed", y);
    Shapes.embedding("embed", table, tokens, y);
    kernels.embed(table, tokens, y);
  }

  /**
   * {@code dTable[tokens[n]] += dY[n]}, except where the token is {@code paddingId}: PyTorch's
   * {@code padding_idx} gets no gradient. A negative {@code paddingId} means there is none.
   */
  public void embedBackward(Indices tokens, int paddingId, Tensor dY, Tensor dTable) {
    Shapes.floats("embedBackward", dTable);
    Shapes.floats("embedBackward", dY);
    Shapes.embedding("embedBackward", dTable, tokens, dY);
    kernels.embedBackward(tokens, paddingId, dY, dTable);
  }

  // ---- root-mean-square norm -----------------------------------------------------------------
  /**
   * {@code y = x · rstd · weight} with {@code rstd = 1 / √(mean(x²) + epsilon)} of each row.
   *
   * @param x {@code (M, C)}, where M is N, or N·H for a norm of each head
   * @param weight {@code (C)}
   * @param y {@code (M, C)}; may be {@code x} itself, or of {@link #operandType}
   * @param rstd receives one number a row, {@code (M)}
   */
  public void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    operands("rmsNorm", y);
    activations("rmsNorm", x);
    Shapes.rmsNorm("rmsNorm", x, weight, rstd, y);
    kernels.rmsNorm(x, weight, epsilon, y, rstd);
  }

  /**
   * {@link #rmsNorm} of the same x for a backward: y within rounding of what forward computed.
   *
   * @param rstd what forward left; as it was, or the same once more
   */
  public void rmsNormAgain(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd) {
    operands("rmsNormAgain", y);
    activations("rmsNormAgain", x);
    Shapes.rmsNorm("rmsNormAgain", x, weight, rstd, y);
    kernels.rmsNormAgain(x, weight, epsilon, y, rstd);
  }

  /** Adds to dX; dX may not be dY. */
  public void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX) {
    activations("rmsNormBackward", x);
    Shapes.rmsNorm("rmsNormBackward", x, weight, rstd, dY);
    Shapes.floats("rmsNormBackward", dY, dX);
    Shapes.sameMatrix("rmsNormBackward", x, dX);
    kernels.rmsNormBackward(x, weight, rstd, dY, dX);
  }

  /** {@code dWeight += Σₘ dY[m] · x[m] · rstd[m]}. */
  public void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight) {
    Shapes.floats("rmsNormBackwardWeight", dY, dWeight);
    activations("rmsNormBackwardWeight", x);
    Shapes.rmsNorm("rmsNormBackwardWeight", x, dWeight, rstd, dY);
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
   * @param inverse rotate back, which is the backward pass of the rotation
   */
  public void rotate(
      Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions, boolean inverse) {
    activations("rotate", x);
    Shapes.rotary(x, headSize, cos, sin, positions);
    kernels.rotate(x, headSize, cos, sin, positions, inverse);
  }

  // ---- attention -----------------------------------------------------------------------------
  /** Who sees whom among the documents of a packed batch, whose keys are those of its tokens. */
  public AttentionMask mask(Segments documents) {
    return mask(documents.branches());
  }

  /**
   * Who sees whom, branch by branch: for keys in a cache.
   *
   * @param branches no two have a query in common; read-only and not copied
   * @return to be closed after the last attention that it is for
   */
  public AttentionMask mask(List<Branch> branches) {
    return kernels.mask(branches);
  }

  /**
   * Softmax attention of each query over the keys that the mask lets it see. What a query gets does
   * not depend on other branches; rows of queries that are in none are left as they are.
   *
   * @param scale multiplies the scores before the softmax, usually 1/√D
   */
  public void attention(AttentionTensors tensors, Heads heads, AttentionMask mask, float scale) {
    activations("attention", tensors.q(), tensors.k(), tensors.v(), tensors.y());
    Shapes.attention("attention", tensors, heads, mask);
    kernels.attention(tensors, heads, mask, scale);
  }

  /**
   * Adds to dQ, dK and dV; recomputes the probabilities from q, k and logSumExp.
   *
   * @throws IllegalArgumentException if the mask has no {@link AttentionMask#families}
   */
  public void attentionBackward(
      AttentionTensors tensors,
      AttentionGradients gradients,
      Heads heads,
      AttentionMask mask,
      float scale) {
    activations("attentionBackward", tensors.q(), tensors.k(), tensors.v(), tensors.y());
    Shapes.attention("attentionBackward", tensors, heads, mask);
    Shapes.attention("attentionBackward", tensors, gradients);
    mask.families();
    kernels.attentionBackward(tensors, gradients, heads, mask, scale);
  }

  // ---- gated feed-forward --------------------------------------------------------------------
  /**
   * {@code y = silu(gate) · up}, all {@code (N, F)}; y may be {@code up}'s or {@code gate}'s
   * memory, or of {@link #operandType}.
   */
  public void swiGlu(Tensor gate, Tensor up, Tensor y) {
    operands("swiGlu", y);
    activations("swiGlu", gate, up);
    Shapes.swiGlu("swiGlu", gate, up, y);
    kernels.swiGlu(gate, up, y);
  }

  /**
   * <b>Overwrites</b> {@code gate} with dGate and {@code up} with dUp, which saves two (N, F)
   * buffers: both are dead after this call.
   */
  public void swiGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY) {
    Shapes.floats("swiGluBackwardInPlace", dY);
    activations("swiGluBackwardInPlace", gate, up);
    Shapes.swiGlu("swiGluBackwardInPlace", gate, up, dY);
    kernels.swiGluBackwardInPlace(gate, up, dY);
  }

  // ---- dropout -------------------------------------------------------------------------------
  /**
   * {@code y = x · m / (1 − rate)} with m in {0, 1} drawn from a counter-based generator: the same
   * seed gives the same mask on every implementation, so backward needs no stored mask.
   *
   * @param x and {@code y} float32 or of {@link #operandType}, both of one type
   */
  public void dropout(Tensor x, float rate, long seed, Tensor y) {
    operands("dropout", x);
    Shapes.dropout("dropout", x, rate, y);
    kernels.dropout(x, rate, seed, y);
  }

  /** {@code dX += dY · m / (1 − rate)} with the mask of {@link #dropout}. */
  public void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX) {
    Shapes.floats("dropoutBackward", dY);
    Shapes.dropout("dropoutBackward", dY, rate, dX);
    kernels.dropoutBackward(dY, rate, seed, dX);
  }

  // ---- log-probabilities of the next token ---------------------------------------------------
  /** How many rows of logits should exist at a time, for a vocabulary of V. */
  public int logitsRows(int vocabSize) {
    return kernels.logitsRows(vocabSize);
  }

  /** As many as 64 MiB hold, far beyond the size where gemm on processors slows down. */
  public static int usualLogitsRows(int vocabSize) {
    return Math.max(1, (16 << 20) / vocabSize);
  }

  /**
   * What a loss needs of each row of logits; logits are first divided by {@code temperature}.
   *
   * @param logits {@code (M, V)}; left as they are
   * @param targets {@code (M)}
   * @param y overwritten
   */
  public void tokenLogProbs(Tensor logits, Indices targets, float temperature, TokenScores y) {
    Shapes.logProbs(logits, targets, temperature, y.logProbs(), y.logSumExp(), y.entropies());
    Shapes.perRow("tokenLogProbs", logits, y.argmax().count(), "argmax");
    kernels.tokenLogProbs(logits, targets, temperature, y);
  }

  /**
   * <b>Overwrites</b> {@code logits} with the gradient of {@code Σₘ dLogProbs[m] · logProbs[m]}:
   * {@code dLogProbs[m] · (onehot(target) − softmax) / temperature}.
   *
   * @param logSumExp of {@link #tokenLogProbs}, {@code (M)}
   * @param dLogProbs {@code (M)}
   */
  public void tokenLogProbsBackwardInPlace(
      Tensor logits, Indices targets, float temperature, Tensor logSumExp, Tensor dLogProbs) {
    Shapes.logProbs(logits, targets, temperature, logSumExp, dLogProbs);
    kernels.tokenLogProbsBackwardInPlace(logits, targets, temperature, logSumExp, dLogProbs);
  }

  // ---- sampling ------------------------------------------------------------------------------
  /**
   * Picks a token for each row: the likeliest, or one drawn from softmax(logits / temperature) over
   * what the rule leaves, by inverting the distribution function: the token in which the sum of the
   * probabilities, in the order of the ids, exceeds the row's uniform number.
   *
   * @param logits {@code (M, V)}; left as they are
   * @param uniforms {@code (M)} in [0, 1); without effect if the rule is greedy
   * @param seen tokens of each row that the repetition penalty meets, once however often they are
   *     named; an empty list if the rule has none
   * @throws NonFiniteRowException if a logit is NaN or infinite, however tokens are picked
   */
  public Draws sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    Shapes.sample(logits, rule, uniforms, seen);
    Draws draws = kernels.sample(logits, rule, uniforms, seen);
    for (int m = 0; m < draws.tokens().length; m++) {
      if (draws.tokens()[m] == Draws.NOT_FINITE) {
        throw new NonFiniteRowException(m);
      }
    }
    return draws;
  }

  /** A name for logs: {@code "vector 256-bit + oneDNN gemm, 2 threads"}. */
  public String description() {
    return kernels.description();
  }

  /** Ends the threads and frees scratch memory; nobody may be computing. Idempotent. */
  @Override
  public void close() {
    kernels.close();
  }
}
