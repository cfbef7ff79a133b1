package org.sparklora.model.engine;

import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;

/**
 * Where the decoder is computed: memory, threads or a device, and the arithmetic on them. Whoever
 * {@link Engines#open opens} an engine closes it; tensors have owners of their own.
 *
 * <p>Here are its memory and types; the arithmetic is that of {@link DecoderOperations}, in which
 * all engines agree with the reference engine within the tolerances of {@code EngineContractTest}.
 * Nothing is allocated except by {@link #allocate} and scratch memory that is kept and reused.
 *
 * <p>Thread-safe: one engine serves callers one after the other and uses its own threads inside.
 */
public final class Engine extends DecoderOperations implements AutoCloseable {
  Engine(Kernels kernels) {
    super(kernels);
  }

  /** A new tensor of zeros, float32 or bfloat16, to be closed by the caller. */
  public Tensor allocate(DType dtype, long... shape) {
    return kernels().allocate(dtype, shape);
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
    return kernels().keepsBfloat16();
  }

  /**
   * Up to how many rows (N) of one call a row's result is, to the last bit, what it is when the row
   * is computed alone; 0 where rows are rounded together. It holds for all that decoding computes:
   * linear layers, norms, rotation, gated feed-forward, log-probabilities and draws. {@link
   * #attention} is beyond rows: what a query gets depends on its own branch alone.
   */
  public int independentRows() {
    return kernels().independentRows();
  }

  /** Whether tensors lie in this process's memory, and not in that of a device. */
  public boolean isInThisProcess() {
    return kernels().isInThisProcess();
  }

  /**
   * This engine, on the same threads and closed with it, with products of matrices in another type:
   * in bfloat16 the operands are rounded and the sums are float32, as in PyTorch's autocast.
   *
   * @param dtype float32 or bfloat16; engines and processors that are no faster in bfloat16 stay
   *     with float32
   */
  public Engine withProductsIn(DType dtype) {
    Kernels other = kernels().withProductsIn(dtype);
    return other == kernels() ? this : new Engine(other);
  }

  /**
   * Does work of many calls on the thread that they cost least from, one of the engine's own where
   * it has some, and returns its result. Other callers may have to wait until it is done.
   *
   * @throws RuntimeException or an error: what the work throws
   */
  public <T> T run(Supplier<T> work) {
    return kernels().run(work);
  }

  /**
   * What linear layers round x and dY of so many rows (N) to. They take them rounded as well, so
   * that a caller can do once, by {@link #copy}, what each product would do again.
   */
  public DType operandType(int rows) {
    return kernels().operandType(rows);
  }

  /**
   * What activations that are kept, for backward or in a cache of keys and values, are best held
   * in: float32, or bfloat16 where products are. Operations take and give either; gradients, and
   * what a softmax and a norm leave, are float32 in any case.
   */
  public DType activationType() {
    return kernels().activationType();
  }

  /** Float32 numbers in memory of this process that somebody else owns, as a tensor. */
  public HostAlias alias(Pointer floats, long size) {
    return alias(floats, size, this::copied);
  }

  /** {@link #alias} of memory that holds zeros, of which an engine elsewhere is sent nothing. */
  public HostAlias aliasOfZeros(Pointer floats, long size) {
    return alias(floats, size, memory -> allocate(size));
  }

  private HostAlias alias(Pointer floats, long size, Function<HostTensor, Tensor> elsewhere) {
    HostTensor memory = HostTensor.wrap(floats, 0, DType.FLOAT32, size);
    if (isInThisProcess()) {
      return new HostAlias(kernels().over(memory), () -> {});
    }
    Tensor copy = elsewhere.apply(memory);
    return new HostAlias(copy, () -> kernels().download(copy, memory));
  }

  /**
   * A tensor over memory that belongs to it from now on: closing the tensor frees it. Engines that
   * compute elsewhere copy it and free it at once.
   */
  public Tensor adopt(NativeMemory memory, DType dtype, long... shape) {
    HostTensor host = HostTensor.owning(memory, dtype, shape);
    if (isInThisProcess()) {
      return kernels().over(host);
    }
    try (host) {
      return copied(host);
    }
  }

  private Tensor copied(HostTensor host) {
    return filled(allocate(host.dtype(), host.shape()), y -> kernels().upload(host, y));
  }

  /** A new tensor with what is written to it. */
  private static Tensor filled(Tensor y, Consumer<Tensor> write) {
    try {
      write.accept(y);
      return y;
    } catch (RuntimeException e) {
      y.close();
      throw e;
    }
  }

  /**
   * Whether products of few rows, up to {@link #independentRows}, are computed faster with {@link
   * #packed} weights. On CPUs that have the instructions these are all weights where products are
   * in bfloat16, and in float32 those that are stored in bfloat16.
   *
   * @param stored the weight's type
   */
  public boolean packsWeights(DType stored) {
    return kernels().packsWeights(stored);
  }

  /**
   * A copy of a linear layer's weight in bfloat16, in an order of the engine's own, for {@link
   * #matmul} and {@link #matmulAdd} alone: they compute few rows with it, and more with the weight
   * itself.
   *
   * @param w {@code (out, in)}; must outlive the copy, and stay as it is
   * @return to be closed by the caller; a view of w where its shape has no such order
   * @throws UnsupportedOperationException if this engine has no use for it, as {@link
   *     #packsWeights} tells
   */
  public Tensor packed(Tensor w) {
    return kernels().packed(w);
  }

  /** {@code y = x}; both of one size. Widens x, or rounds it if y alone is bfloat16. */
  public void copy(Tensor x, Tensor y) {
    new Check("copy", kernels()).sameSize(x, y);
    kernels().copy(x, y);
  }

  /** A new tensor of x's shape and another type that holds {@link #copy} of it. */
  public Tensor copyAs(DType dtype, Tensor x) {
    return filled(allocate(dtype, x.shape()), y -> copy(x, y));
  }

  /** x where it is of this type, else {@link #copyAs}, and x is closed. */
  public Tensor inType(DType dtype, Tensor x) {
    if (x.dtype() == dtype) {
      return x;
    }
    try (x) {
      return copyAs(dtype, x);
    }
  }

  /**
   * Indices that live where this engine computes, to be closed by the caller.
   *
   * @param values none negative; not copied by engines that compute in this process, so they may
   *     not change
   */
  public Indices indices(int[] values) {
    return kernels().indices(values, Indices.boundOf(values));
  }

  /**
   * Indices that an operation will fill, to be closed by the caller.
   *
   * @param values as many as will be; overwritten where the engine computes in this process
   * @param bound above all that will be written
   */
  public Indices indices(int[] values, int bound) {
    return kernels().indices(values, bound);
  }

  /**
   * Begins to bring scores to this process; the tensors may be closed, or overwritten, before they
   * have arrived.
   */
  public Arrival<TokenScores.Values> bring(TokenScores scores) {
    return kernels().bring(scores);
  }

  /** How many rows of logits should exist at a time, for a vocabulary of V. */
  public int logitsRows(int vocabSize) {
    return kernels().logitsRows(vocabSize);
  }

  /** As many as 64 MiB hold, far beyond the size where gemm on processors slows down. */
  public static int usualLogitsRows(int vocabSize) {
    return Math.max(1, (16 << 20) / vocabSize);
  }

  /** A name for logs: {@code "vector 256-bit + oneDNN gemm, 2 threads"}. */
  public String description() {
    return kernels().description();
  }

  /** Ends the threads and frees scratch memory; nobody may be computing. Idempotent. */
  @Override
  public void close() {
    kernels().close();
  }
}
