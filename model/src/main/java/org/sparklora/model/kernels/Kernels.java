package org.sparklora.model.kernels;

import java.util.List;
import org.bytedeco.javacpp.Pointer;

/**
 * The arithmetic of the decoder. One implementation per way of computing; all agree with {@link
 * ReferenceKernels} within the tolerances of {@code KernelsContractTest}.
 *
 * <p>Outputs named {@code y} are overwritten; gradients named {@code dX} are <b>added to</b>.
 * Nothing is allocated except by {@link #allocate} and scratch memory that is kept and reused.
 * Frozen weights (a linear's {@code w}, an embedding's {@code table}) may be bfloat16; everything
 * else is float32. Shapes are as in the table of {@code org.sparklora.model}; a leading {@code (N,
 * H, D)} may be passed in any shape with the same elements.
 *
 * <p>Thread-safe: one instance serves callers one after the other and uses its own threads inside.
 * Threads and scratch memory are the instance's: whoever {@link KernelsProvider#create made} it
 * closes it. Tensors have owners of their own.
 */
public sealed interface Kernels extends AutoCloseable
    permits ReferenceKernels, VectorKernels, Nd4jKernels {

  /** A new tensor of zeros, float32 or bfloat16, to be closed by the caller. */
  Tensor allocate(DType dtype, long... shape);

  /** A new float32 tensor of zeros, to be closed by the caller. */
  default Tensor allocate(long... shape) {
    return allocate(DType.FLOAT32, shape);
  }

  /**
   * Whether a weight that is stored in bfloat16 is best kept so, since widening its elements costs
   * less than reading twice the memory does.
   */
  default boolean keepsBfloat16() {
    return false;
  }

  /**
   * Up to how many rows (N) of one call a row's result is, to the last bit, what it is when the row
   * is computed alone; 0 where rows are rounded together. It holds for all that decoding computes:
   * linear layers, norms, rotation, attention over branches, gated feed-forward, log-probabilities
   * and draws.
   */
  int independentRows();

  /**
   * These kernels, on the same threads and closed with them, with products of matrices in another
   * type: in bfloat16 the operands are rounded and the sums are float32, as in PyTorch's autocast.
   *
   * @param dtype float32 or bfloat16; kernels and CPUs that are no faster in bfloat16 stay with
   *     float32
   */
  default Kernels withProductsIn(DType dtype) {
    return this;
  }

  /**
   * A tensor over memory of this process that somebody else owns, such as a memory-mapped
   * checkpoint; a copy if these kernels compute elsewhere, so that it has to be closed.
   */
  Tensor wrap(Pointer memory, long byteOffset, DType dtype, long... shape);

  /**
   * A tensor over memory that belongs to it from now on: closing the tensor frees it. Kernels that
   * compute elsewhere copy it and free it at once.
   */
  Tensor adopt(NativeMemory memory, DType dtype, long... shape);

  /**
   * Brings what was computed in a tensor back to the memory that it was {@link #wrap wrapped} from;
   * nothing to do where both are one.
   */
  void writeBack(Tensor wrapped, Pointer memory);

  /** {@code y = x}; both of one size. Widens x, or rounds it if y alone is bfloat16. */
  void copy(Tensor x, Tensor y);

  /** A new tensor of x's shape and another type that holds {@link #copy} of it. */
  default Tensor copyAs(DType dtype, Tensor x) {
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
  void fill(Tensor y, float value);

  /** {@code y += alpha · x}, elementwise. */
  void addScaled(Tensor x, float alpha, Tensor y);

  /** {@code Σ x²} over all elements. */
  double sumOfSquares(Tensor x);

  /** Whether no element is NaN or infinite; x may be of any type. */
  boolean isFinite(Tensor x);

  /**
   * {@code y[rows[n]] = x[n]}, with x {@code (N, C)} and y of at least as many rows as the largest
   * entry says; {@link #embed} is the way back. No two entries may be equal.
   */
  void putRows(Tensor x, int[] rows, Tensor y);

  // ---- linear layers -------------------------------------------------------------------------

  /** {@code y = x · wᵀ}, with x {@code (N, in)}, w {@code (out, in)}, y {@code (N, out)}. */
  void matmul(Tensor x, Tensor w, Tensor y);

  /** {@code y += alpha · x · wᵀ}, shapes as in {@link #matmul}. */
  void matmulAdd(Tensor x, Tensor w, float alpha, Tensor y);

  /**
   * {@code dX += alpha · dY · w}, with dY {@code (N, out)}, w {@code (out, in)}, dX {@code (N,
   * in)}.
   */
  void matmulBackwardInput(Tensor dY, Tensor w, float alpha, Tensor dX);

  /**
   * {@code dW += alpha · dYᵀ · x}, with dY {@code (N, out)}, x {@code (N, in)}, dW {@code (out,
   * in)}.
   */
  void matmulBackwardWeight(Tensor dY, Tensor x, float alpha, Tensor dW);

  /** {@code y += bias} in every row, with y {@code (N, out)}, bias {@code (out)}. */
  void addBias(Tensor y, Tensor bias);

  /** {@code dBias += Σₙ dY[n]}, with dY {@code (N, out)}, dBias {@code (out)}. */
  void addBiasBackward(Tensor dY, Tensor dBias);

  // ---- token embedding -----------------------------------------------------------------------

  /**
   * {@code y[n] = table[tokens[n]]}, with tokens {@code (N)}, table {@code (V, C)}, y {@code (N,
   * C)}.
   */
  void embed(Tensor table, int[] tokens, Tensor y);

  /**
   * {@code dTable[tokens[n]] += dY[n]}, except where the token is {@code paddingId}: PyTorch's
   * {@code padding_idx} gets no gradient. A negative {@code paddingId} means there is none.
   */
  void embedBackward(int[] tokens, int paddingId, Tensor dY, Tensor dTable);

  // ---- root-mean-square norm -----------------------------------------------------------------

  /**
   * {@code y = x · rstd · weight} with {@code rstd = 1 / √(mean(x²) + epsilon)} of each row.
   *
   * @param x {@code (M, C)}, where M is N, or N·H for a norm of each head
   * @param weight {@code (C)}
   * @param y {@code (M, C)}; may be {@code x} itself
   * @param rstd receives one number a row, {@code (M)}
   */
  void rmsNorm(Tensor x, Tensor weight, float epsilon, Tensor y, Tensor rstd);

  /** Adds to dX; dX may not be dY. */
  void rmsNormBackward(Tensor x, Tensor weight, Tensor rstd, Tensor dY, Tensor dX);

  /** {@code dWeight += Σₘ dY[m] · x[m] · rstd[m]}. */
  void rmsNormBackwardWeight(Tensor x, Tensor rstd, Tensor dY, Tensor dWeight);

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
  void rotate(Tensor x, int headSize, Tensor cos, Tensor sin, int[] positions, boolean inverse);

  // ---- attention -----------------------------------------------------------------------------

  /**
   * Causal softmax attention in which a token sees only earlier tokens of its own segment, and
   * itself.
   *
   * @param q {@code (N, H, D)}
   * @param k {@code (N, K, D)}; query head h reads key/value head {@code h·K/H}
   * @param v {@code (N, K, D)}
   * @param scale multiplies the scores before the softmax, usually 1/√D
   * @param y {@code (N, H, D)}
   * @param logSumExp receives the logarithm of each softmax's denominator, {@code (N, H)}
   */
  void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      Segments segments,
      float scale,
      Tensor y,
      Tensor logSumExp);

  /**
   * The same with keys and values that are not those of the queries: of a cache. What a branch gets
   * does not depend on the other branches.
   *
   * @param q {@code (N, H, D)}
   * @param k and {@code v} {@code (S, K, D)}, whose rows the branches name
   * @param branches each query belongs to one; the rows of others are left as they are
   */
  void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      List<Branch> branches,
      float scale,
      Tensor y,
      Tensor logSumExp);

  /** Adds to dQ, dK and dV; recomputes the probabilities from q, k and logSumExp. */
  void attentionBackward(
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
      Tensor dV);

  /**
   * The backward of attention over branches; adds to dQ, dK and dV.
   *
   * @param branches the prefix of each begins where a branch without prefix does
   */
  void attentionBackward(
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
      Tensor dV);

  /** How the columns of q, k and v divide into heads: H, K and D. */
  record Heads(int query, int keyValue, int size) {
    public Heads {
      if (query < 1 || keyValue < 1 || size < 1 || query % keyValue != 0) {
        throw new IllegalArgumentException(
            "Cannot attend with %d query heads over %d key/value heads of size %d: the first must be a multiple of the second"
                .formatted(query, keyValue, size));
      }
    }
  }

  // ---- gated feed-forward --------------------------------------------------------------------

  /**
   * {@code y = silu(gate) · up}, all {@code (N, F)}; y may be {@code up}'s or {@code gate}'s
   * memory.
   */
  void swiGlu(Tensor gate, Tensor up, Tensor y);

  /**
   * <b>Overwrites</b> {@code gate} with dGate and {@code up} with dUp, which saves two (N, F)
   * buffers: both are dead after this call.
   */
  void swiGluBackwardInPlace(Tensor gate, Tensor up, Tensor dY);

  // ---- dropout -------------------------------------------------------------------------------

  /**
   * {@code y = x · m / (1 − rate)} with m in {0, 1} drawn from a counter-based generator: the same
   * seed gives the same mask on every implementation, so backward needs no stored mask.
   */
  void dropout(Tensor x, float rate, long seed, Tensor y);

  /** {@code dX += dY · m / (1 − rate)} with the mask of {@link #dropout}. */
  void dropoutBackward(Tensor dY, float rate, long seed, Tensor dX);

  // ---- log-probabilities of the next token ---------------------------------------------------

  /**
   * What a loss needs of each row of logits; logits are first divided by {@code temperature}.
   *
   * @param logits {@code (M, V)}; left as they are
   * @param targets {@code (M)}
   * @param logProbs receives log softmax at the target, {@code (M)}
   * @param logSumExp receives log Σ exp, {@code (M)}
   * @param entropies receives the entropy of the softmax in nats, {@code (M)}
   * @param argmax receives the first index of the largest logit, {@code (M)}
   */
  void tokenLogProbs(
      Tensor logits,
      int[] targets,
      float temperature,
      float[] logProbs,
      float[] logSumExp,
      float[] entropies,
      int[] argmax);

  /**
   * <b>Overwrites</b> {@code logits} with the gradient of {@code Σₘ dLogProbs[m] · logProbs[m]}:
   * {@code dLogProbs[m] · (onehot(target) − softmax) / temperature}.
   */
  void tokenLogProbsBackwardInPlace(
      Tensor logits, int[] targets, float temperature, float[] logSumExp, float[] dLogProbs);

  // ---- sampling ------------------------------------------------------------------------------

  /**
   * Draws a token for each row from softmax(logits / temperature) over the tokens whose logit is at
   * least the row's floor, by inverting the distribution function: the token in which the sum of
   * the probabilities, in the order of the ids, exceeds the row's uniform number.
   *
   * @param logits {@code (M, V)}; left as they are
   * @param floors {@code (M)}, no one above its row's largest logit; −∞ keeps all tokens
   * @param uniforms {@code (M)} in [0, 1)
   * @param tokens receives the draws, {@code (M)}
   */
  void drawTokens(
      Tensor logits, float temperature, float[] floors, double[] uniforms, int[] tokens);

  /** A name for logs: {@code "vector 256-bit + oneDNN gemm, 2 threads"}. */
  String description();

  /** Ends the threads and frees scratch memory; nobody may be computing. Idempotent. */
  @Override
  void close();
}
