package org.sparklora.engine.torch;

import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.bytedeco.pytorch.global.torch;

/**
 * Runs operators for one caller at a time, on a number of threads, and frees the tensors that they
 * return at the end of the run: the garbage collector does not see their native memory.
 *
 * <p>Tensors made inside a run are freed afterwards: {@code copy_} copies results into a tensor.
 *
 * <p>Thread-safe.
 */
final class Scope {
  /** Part of the message of CUDA's allocator when memory is exhausted. */
  private static final String OUT_OF_MEMORY = "out of memory";

  /** Threads that the calling thread set for libtorch, which keeps a number for each thread. */
  private static final ThreadLocal<Integer> THREADS = ThreadLocal.withInitial(() -> 0);

  private final ReentrantLock lock = new ReentrantLock();
  private final int threads;
  private final boolean multiplies;

  private Scope(int threads, boolean multiplies) {
    this.threads = threads;
    this.multiplies = multiplies;
  }

  Scope(int threads) {
    this(threads, true);
  }

  /** For copies on one thread, which leave the BLAS to those who multiply meanwhile. */
  static Scope ofCopies() {
    return new Scope(1, false);
  }

  /** Runs operators, then frees their intermediate results. */
  void run(Runnable operators) {
    of(
        () -> {
          operators.run();
          return null;
        });
  }

  /** Runs operators like {@link #run} and returns their result, which must not be a tensor. */
  <T> T of(Supplier<T> operators) {
    lock.lock();
    PointerScope results = new PointerScope();
    try {
      if (THREADS.get() != threads) {
        torch.set_num_threads(threads);
        THREADS.set(threads);
      }
      if (multiplies) {
        limitBlas(threads);
      }
      return operators.get();
    } catch (RuntimeException e) {
      throw inOneLine(e);
    } finally {
      results.close();
      lock.unlock();
    }
  }

  /** Limits the BLAS, which has one number of threads for the whole process. */
  private static synchronized void limitBlas(int threads) {
    if (openblas_nolapack.blas_get_num_threads() != threads) {
      openblas_nolapack.blas_set_num_threads(threads);
    }
  }

  /** Runs a part of a run, such as a tile, and frees its intermediate results at its end. */
  static void part(Runnable operators) {
    PointerScope results = new PointerScope();
    try {
      operators.run();
    } finally {
      results.close();
    }
  }

  /** An operation on the elements or rows {@code [first, first + count)}. */
  interface Part {
    void run(long first, long count);
  }

  /** Runs operators on {@code size} elements or rows, a {@link #part} of {@code step} at a time. */
  static void parts(long size, long step, Part operators) {
    for (long from = 0; from < size; from += step) {
      long first = from;
      part(() -> operators.run(first, Math.min(step, size - first)));
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

  /** Shortens libtorch's message to its first line, without the stack of C++. */
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
