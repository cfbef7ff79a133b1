package org.sparklora.engine.torch;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;

/**
 * Runs operators one caller after the other, on a number of threads, and frees the tensors that
 * they return when the last of a run has ended: nothing is left to the garbage collector, which
 * knows nothing of the memory behind them.
 *
 * <p>Tensors made inside are dead afterwards: results leave by {@code copy_} into a tensor.
 *
 * <p>Thread-safe.
 */
final class Scope {
  /** What CUDA's allocator says when it has nothing left. */
  private static final String OUT_OF_MEMORY = "out of memory";

  /** Of libtorch and of its BLAS for operators of the calling thread; both keep one for all. */
  private static final ThreadLocal<Integer> THREADS = ThreadLocal.withInitial(() -> 0);

  private final ReentrantLock lock = new ReentrantLock();
  private final int threads;

  Scope(int threads) {
    this.threads = threads;
  }

  /** Runs operators whose intermediate results nobody needs afterwards. */
  void run(Runnable operators) {
    of(
        () -> {
          operators.run();
          return null;
        });
  }

  /** The same, for a result that is no tensor. */
  <T> T of(Supplier<T> operators) {
    lock.lock();
    PointerScope results = new PointerScope();
    try {
      if (THREADS.get() != threads) {
        torch.set_num_threads(threads);
        openblas_nolapack.blas_set_num_threads(threads);
        THREADS.set(threads);
      }
      return operators.get();
    } catch (RuntimeException e) {
      throw inOneLine(e);
    } finally {
      results.close();
      lock.unlock();
    }
  }

  /** Runs a part of a run, whose intermediate results the rest does not need: tiles and chunks. */
  static void part(Runnable operators) {
    PointerScope results = new PointerScope();
    try {
      operators.run();
    } finally {
      results.close();
    }
  }

  /** A pointer that outlives every scope, to be freed by {@link Pointer#releaseReference}. */
  static <P extends Pointer> P kept(Supplier<P> allocation) {
    PointerScope results = new PointerScope();
    try {
      P kept = allocation.get();
      kept.retainReference();
      return kept;
    } catch (RuntimeException e) {
      throw inOneLine(e);
    } finally {
      results.close();
    }
  }

  /** libtorch's messages go on with a stack of C++. */
  private static RuntimeException inOneLine(RuntimeException e) {
    String message = e.getMessage();
    if (message == null || e.getClass() != RuntimeException.class) {
      return e;
    }
    String first = message.lines().findFirst().orElse("");
    if (first.contains(OUT_OF_MEMORY)) {
      throw new OutOfMemoryError(
          "Cannot compute on the GPU: %s; lower --per_device_train_batch_size, --max_length or --num_generations"
              .formatted(first));
    }
    return new IllegalStateException("libtorch failed: " + first, e);
  }
}
