package org.sparklora.model.engine;

import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostAlias;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Nf4Tensor;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Computes the decoder: memory, threads or a device, and the arithmetic on them. The caller of
 * {@link Engines#open} closes the engine; tensors have owners of their own.
 *
 * <p>This class holds memory and types, {@link DecoderOperations} the arithmetic, in which all
 * engines agree with the reference engine within the tolerances of {@code EngineContractTest}.
 * Operations allocate nothing but scratch memory, which is kept and reused.
 *
 * <p>Thread-safe: one engine serves callers one after the other and uses its own threads inside.
 */
public final class Engine extends DecoderOperations implements AutoCloseable {
  Engine(Kernels kernels) {
    super(kernels);
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
   * Whether to keep weights that are stored in bfloat16: widening them in each product then costs
   * less than reading twice the memory.
   */
  public boolean keepsBfloat16() {
    return kernels.keepsBfloat16();
  }

  /** Whether {@link #quantized} matrices stay quantised; products then widen them part by part. */
  public boolean keepsNf4() {
    return kernels.keepsNf4();
  }

  /**
   * A linear layer's matrix with the elements of w, for {@link #matmul} and {@link #matmulInput}.
   * Widened whole to float32 unless this engine {@link #keepsNf4}.
   *
   * @param w owned by this call: closed by it, or with its result
   * @return a tensor that the caller closes
   */
  public Tensor quantized(Nf4Tensor w) {
    if (!keepsNf4()) {
      try (w) {
        return Tensor.closedOnFailure(allocate(w.shape()), w::transferTo);
      }
    }
    try {
      return kernels.quantized(w);
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      w.close();
      throw e;
    }
  }

  /**
   * The number of rows (N) of one call up to which a row's result is bit-identical to that of the
   * row computed alone; 0 if a row's rounding depends on other rows. Holds for all operations of
   * decoding: linear layers, norms, rotation, gated feed-forward, log-probabilities and draws. In
   * {@link #attention} a query's result depends on its own branch alone.
   */
  public int independentRows() {
    return kernels.independentRows();
  }

  /** Whether tensors lie in host memory of this process, not in device memory. */
  public boolean isInThisProcess() {
    return kernels.isInThisProcess();
  }

  /**
   * This engine, on the same threads and closed with it, with products of matrices in another type:
   * in bfloat16 the operands are rounded and the sums are float32, as in PyTorch's autocast.
   *
   * @param dtype float32 or bfloat16; engines and CPUs not faster in bfloat16 stay with float32
   */
  public Engine withProductsIn(DType dtype) {
    Kernels other = kernels.withProductsIn(dtype);
    return other == kernels ? this : new Engine(other);
  }

  /**
   * Runs work of many engine calls on the thread from which they cost least, one of the engine's
   * own if it has threads, and returns the work's result. Other callers may wait until then.
   *
   * @throws RuntimeException or an error: what the work throws
   */
  public <T> T run(Supplier<T> work) {
    return kernels.run(work);
  }

  /**
   * The type that linear layers round x and dY of {@code rows} rows to. They also take rounded
   * ones, so that a caller can round once, by {@link #copy}, for several products.
   */
  public DType operandType(int rows) {
    return kernels.operandType(rows);
  }

  /**
   * The best type for activations that are kept for backward or in a cache of keys and values:
   * bfloat16 if products are bfloat16 and the engine gains by it, else float32. Operations read and
   * write both; gradients and the statistics of softmax and norms are always float32.
   */
  public DType activationType() {
    return kernels.activationType();
  }

  /** A tensor over float32 numbers in host memory that the caller owns. */
  public HostAlias alias(Pointer floats, long size) {
    return alias(floats, size, this::copied);
  }

  /** {@link #alias} of memory that holds zeros, which is not uploaded to a device. */
  public HostAlias aliasOfZeros(Pointer floats, long size) {
    return alias(floats, size, memory -> allocate(size));
  }

  private HostAlias alias(Pointer floats, long size, Function<HostTensor, Tensor> elsewhere) {
    HostTensor memory = HostTensor.wrap(floats, 0, DType.FLOAT32, size);
    if (isInThisProcess()) {
      return new HostAlias(kernels.over(memory), () -> {});
    }
    Tensor copy = elsewhere.apply(memory);
    return new HostAlias(copy, () -> kernels.download(copy, memory));
  }

  /**
   * A tensor that takes ownership of memory: closing the tensor frees it. An engine on a device
   * copies the memory and frees it at once.
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
    return Tensor.closedOnFailure(
        allocate(host.dtype(), host.shape()), y -> kernels.upload(host, y));
  }

  /**
   * Whether products of few rows, up to {@link #independentRows}, are computed faster with {@link
   * #packed} weights. On CPUs with the instructions for it: with bfloat16 products for all weights
   * but NF4, with float32 products for weights stored in bfloat16.
   *
   * @param stored the weight's type
   */
  public boolean packsWeights(DType stored) {
    return kernels.packsWeights(stored);
  }

  /**
   * A copy of a linear layer's weight in bfloat16, in an engine-specific order, for {@link #matmul}
   * alone, which multiplies few rows by the copy, and more by the weight itself.
   *
   * @param w {@code (out, in)}; must outlive the copy and not change
   * @return a tensor that the caller closes; a view of w if its shape cannot be packed
   * @throws UnsupportedOperationException if {@link #packsWeights} is false
   */
  public Tensor packed(Tensor w) {
    return kernels.packed(w);
  }

  /** {@code y = x}; both of one size. Widens x, or rounds it if y alone is bfloat16. */
  public void copy(Tensor x, Tensor y) {
    new Check("copy", kernels).sameSize(x, y);
    kernels.copy(x, y);
  }

  /** A new tensor of x's shape and another type that holds {@link #copy} of it. */
  public Tensor copyAs(DType dtype, Tensor x) {
    return Tensor.closedOnFailure(allocate(dtype, x.shape()), y -> copy(x, y));
  }

  /** x if it has this type; else closes x and returns its {@link #copyAs}. */
  public Tensor inType(DType dtype, Tensor x) {
    if (x.dtype() == dtype) {
      return x;
    }
    try (x) {
      return copyAs(dtype, x);
    }
  }

  /** {@code Σ x²} over all elements. */
  public double sumOfSquares(Tensor x) {
    new Check("sumOfSquares", kernels).floats(x);
    return kernels.sumOfSquares(x);
  }

  /** Whether no element is NaN or infinite; x may be of any type. */
  public boolean isFinite(Tensor x) {
    return kernels.isFinite(x);
  }

  /**
   * Indices in this engine's memory, which the caller closes.
   *
   * @param values not negative; may not change, since engines in this process do not copy them
   */
  public Indices indices(int[] values) {
    return kernels.indices(values, Indices.boundOf(values));
  }

  /**
   * Indices that an operation will fill, which the caller closes.
   *
   * @param values an array of as many; overwritten if the engine computes in this process
   * @param bound larger than every index that will be written
   */
  public Indices indices(int[] values, int bound) {
    return kernels.indices(values, bound);
  }

  /** Starts to transfer scores to this process; their tensors may be closed or changed at once. */
  public Arrival<TokenScores.Values> bring(TokenScores scores) {
    return kernels.bring(scores);
  }

  /** The number of rows of logits that should exist at a time, for a vocabulary of V. */
  public int logitsRows(int vocabSize) {
    return kernels.logitsRows(vocabSize);
  }

  /** The rows of logits that 64 MiB hold, far above the size below which gemm on CPUs is slow. */
  public static int usualLogitsRows(int vocabSize) {
    return Math.max(1, (16 << 20) / vocabSize);
  }

  /** A name for logs: {@code "vector 256-bit + oneDNN gemm, 2 threads"}. */
  public String description() {
    return kernels.description();
  }

  /** Ends the threads and frees scratch memory; no call may be running. Idempotent. */
  @Override
  public void close() {
    kernels.close();
  }
}
