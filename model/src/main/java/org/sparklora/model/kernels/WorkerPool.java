package org.sparklora.model.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A fixed number of daemon threads that divide one operation among them, each with its own {@link
 * Scratch} and with gemm limited to itself.
 *
 * <p>An operation is cut into numbered tasks whose outputs do not overlap; idle workers take the
 * next number. Which worker takes which task varies, what a task computes does not: results are the
 * same on each run. The calling thread only waits, so that its own OpenMP settings stay untouched.
 *
 * <p>Thread-safe; callers are served one after the other.
 */
final class WorkerPool {
  /** Elements worth a hand-over between threads: some 10 µs of simple arithmetic. */
  static final int ELEMENTS_PER_TASK = 32_768;

  private final int threads;
  private final ExecutorService executor;
  private final AtomicBoolean gemmLimited = new AtomicBoolean(true);
  private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

  WorkerPool(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "Cannot run kernels on %d threads: set lora.threads to at least 1"
              .formatted(threads));
    }
    this.threads = threads;
    AtomicInteger number = new AtomicInteger();
    this.executor =
        Executors.newFixedThreadPool(
            threads,
            work -> {
              Thread thread =
                  new Thread(() -> limited(work), "kernels-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    forEach(threads, (task, own) -> {}); // starts the threads, so that isGemmLimited() is settled
  }

  private void limited(Runnable work) {
    if (!OpenMpThreads.limitCallingThreadToOne()) {
      gemmLimited.set(false);
    }
    work.run();
  }

  int threads() {
    return threads;
  }

  /** False where each gemm call starts OpenMP threads of its own. */
  boolean isGemmLimited() {
    return gemmLimited.get();
  }

  /** One task of an operation. */
  interface Task {
    void run(int task, Scratch scratch);
  }

  /**
   * Runs tasks {@code 0 … count − 1} and returns when all are done. Not to be called from a task.
   */
  synchronized void forEach(int count, Task task) {
    AtomicInteger next = new AtomicInteger();
    Runnable work =
        () -> {
          for (int t = next.getAndIncrement(); t < count; t = next.getAndIncrement()) {
            task.run(t, scratch.get());
          }
        };
    List<Future<?>> workers = new ArrayList<>();
    for (int w = 0; w < Math.min(threads, count); w++) {
      workers.add(executor.submit(work));
    }
    // wait for all of them even if one failed: they write into the caller's buffers
    List<Throwable> failures = workers.stream().flatMap(worker -> await(worker).stream()).toList();
    if (!failures.isEmpty()) {
      throw failures.get(0) instanceof RuntimeException failure
          ? failure
          : new IllegalStateException("A kernel failed: " + failures.get(0), failures.get(0));
    }
  }

  /**
   * Runs {@code range} on pieces of {@code [0, size)} of {@code step} elements, the last one
   * shorter. A single piece is not worth a hand-over and runs on the calling thread: ranges may not
   * call gemm.
   */
  void forRanges(long size, long step, Range range) {
    int pieces = Math.toIntExact((size + step - 1) / step);
    if (pieces <= 1) {
      range.run(0, size, scratch.get());
      return;
    }
    forGemmRanges(size, step, range);
  }

  /** {@link #forRanges} for pieces that call gemm: always on the workers. */
  void forGemmRanges(long size, long step, Range range) {
    int pieces = Math.toIntExact((size + step - 1) / step);
    forEach(pieces, (t, own) -> range.run(t * step, Math.min(size, (t + 1) * step), own));
  }

  /** Runs {@code range} on pieces of the rows of {@code x}. */
  void forRows(Tensor x, Range range) {
    forRanges(x.rows(), Math.max(1, ELEMENTS_PER_TASK / Math.max(1, x.columns())), range);
  }

  /** A piece of an operation: the elements or rows {@code [from, to)}. */
  interface Range {
    void run(long from, long to, Scratch scratch);
  }

  /** Waits, even if interrupted, until the worker is done; returns why it failed, if it did. */
  private static Optional<Throwable> await(Future<?> worker) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          worker.get();
          return Optional.empty();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return Optional.of(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
