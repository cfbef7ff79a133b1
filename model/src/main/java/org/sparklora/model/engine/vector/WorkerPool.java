package org.sparklora.model.engine.vector;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * A fixed number of daemon threads that divide one operation among them, each with its own {@link
 * Scratch} and single-threaded gemm.
 *
 * <p>An operation is cut into numbered tasks whose outputs do not overlap; idle workers take the
 * next number. Which worker takes a task varies, the task's result does not: every run gives the
 * same results. The calling thread takes part in tasks without gemm, and waits while workers do
 * tasks that call gemm, since the pool must not change OpenMP's settings of other threads.
 *
 * <p>A training step hands over thousands of operations, decoding some hundred short ones per
 * token. An idle thread therefore spins for some microseconds before it sleeps, since waking it
 * takes longer than many operations. Work of many operations runs best on the first worker: see
 * {@link #onWorker}.
 *
 * <p>Thread-safe; callers are served one after the other. Closing ends the threads and frees their
 * memory; the scratch memory of calling threads lies on the Java heap.
 */
final class WorkerPool implements AutoCloseable {
  /** Elements worth a hand-over between threads: some 10 µs of simple arithmetic. */
  static final int ELEMENTS_PER_TASK = 32_768;

  /** How long an idle thread spins before it sleeps. */
  private static final long LOOKOUT_NANOS = 50_000;

  private final Worker[] workers;
  private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);
  private volatile boolean gemmLimited; // the same on each worker
  private volatile Operation current; // the latest operation
  private volatile boolean closed;

  WorkerPool(int threads) {
    workers = new Worker[threads];
    for (int w = 0; w < threads; w++) {
      workers[w] = new Worker(w);
      workers[w].start();
    }
    forEach(1, (task, own) -> {}); // after it isGemmLimited() is settled
  }

  int threads() {
    return workers.length;
  }

  /** False if each gemm call starts OpenMP threads of its own. */
  boolean isGemmLimited() {
    return gemmLimited;
  }

  /** One task of an operation. */
  interface Task {
    void run(int task, Scratch scratch);
  }

  /** A piece of an operation: the elements or rows {@code [from, to)}. */
  interface Range {
    void run(long from, long to, Scratch scratch);
  }

  /** Runs tasks {@code 0 … count − 1} to their end; they may call gemm, but not this method. */
  void forEach(int count, Task task) {
    shareOut(count, task, isFirstWorker());
  }

  /**
   * Runs work on the first worker, which takes part in all operations of the work, so that no other
   * thread, which may lack a core, has to start each of them. Other callers wait meanwhile.
   */
  <T> T onWorker(Supplier<T> work) {
    if (isFirstWorker()) {
      return work.get();
    }
    AtomicReference<T> result = new AtomicReference<>();
    forEach(1, (task, own) -> result.set(work.get()));
    return result.get();
  }

  /** Runs work without operations of other callers in between. */
  void exclusively(Runnable work) {
    if (isFirstWorker()) { // inside onWorker, which excludes other callers
      work.run();
      return;
    }
    synchronized (this) {
      work.run();
    }
  }

  private boolean isFirstWorker() {
    return Thread.currentThread() == workers[0];
  }

  /**
   * Runs {@code range} on pieces of {@code [0, size)} of {@code step} elements, the last one
   * shorter. Ranges may not call gemm: some, and always a single one, run on the calling thread.
   */
  void forRanges(long size, long step, Range range) {
    int pieces = pieces(size, step);
    if (pieces <= 1 || workers.length == 1) {
      for (long from = 0; from < size; from += step) {
        range.run(from, Math.min(size, from + step), scratch.get());
      }
      return;
    }
    shareOut(pieces, (t, own) -> range.run(t * step, Math.min(size, (t + 1) * step), own), true);
  }

  /** Runs tasks on workers, and on the calling thread if it {@code takesPart}. */
  private void shareOut(int count, Task task, boolean takesPart) {
    exclusively(
        () -> {
          int helpers = Math.max(0, Math.min(count, workers.length) - (takesPart ? 1 : 0));
          Operation operation = new Operation(count, task, isFirstWorker() ? 1 : 0, helpers);
          start(operation);
          if (takesPart) { // others do not spin: the workers need the cores
            operation.takeTasks(scratch.get());
            lookOut(operation::isDone);
          }
          operation.await();
        });
  }

  /** {@link #forRanges} for pieces that call gemm: always on the workers. */
  void forGemmRanges(long size, long step, Range range) {
    forEach(
        pieces(size, step), (t, own) -> range.run(t * step, Math.min(size, (t + 1) * step), own));
  }

  private static int pieces(long size, long step) {
    return Math.toIntExact((size + step - 1) / step);
  }

  /** Runs {@code range} on pieces of the rows of {@code x}. */
  void forRows(Tensor x, Range range) {
    forRanges(x.rows(), Math.max(1, ELEMENTS_PER_TASK / Math.max(1, x.columns())), range);
  }

  /** The scratch memory of the calling thread. */
  Scratch scratch() {
    return scratch.get();
  }

  private void start(Operation operation) {
    if (closed) {
      throw new IllegalStateException("Cannot compute with kernels that were closed");
    }
    current = operation;
    for (int w = 0; w < operation.helpers; w++) {
      workers[operation.firstHelper + w].wake();
    }
  }

  /** Ends the threads, after the operation that is in progress, and frees their memory. */
  @Override
  public synchronized void close() {
    closed = true;
    boolean interrupted = false;
    for (Worker worker : workers) {
      worker.wake();
      while (worker.isAlive()) {
        try {
          worker.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** One operation: the next task to hand out, and the number of tasks not yet done. */
  private static final class Operation {
    private final int count;
    private final Task task;
    private final int firstHelper;
    private final int helpers; // workers that take part, not counting the caller
    private final Thread caller = Thread.currentThread();
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger left;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Operation(int count, Task task, int firstHelper, int helpers) {
      this.count = count;
      this.task = task;
      this.firstHelper = firstHelper;
      this.helpers = helpers;
      this.left = new AtomicInteger(count);
    }

    boolean isHelpedBy(int worker) {
      return worker >= firstHelper && worker < firstHelper + helpers;
    }

    void takeTasks(Scratch own) {
      for (int t = next.getAndIncrement(); t < count; t = next.getAndIncrement()) {
        try {
          task.run(t, own);
        } catch (Throwable e) { // await() throws it after all tasks have ended
          failure.compareAndSet(null, e);
        }
        if (left.decrementAndGet() == 0) {
          LockSupport.unpark(caller);
        }
      }
    }

    boolean isDone() {
      return left.get() == 0;
    }

    /** Returns, even if interrupted, only when no task can still write to the caller's buffers. */
    void await() {
      boolean interrupted = false;
      while (!isDone()) {
        LockSupport.park(this);
        interrupted |= Thread.interrupted();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      Throwable thrown = failure.get();
      if (thrown instanceof Error error) {
        throw error;
      }
      if (thrown != null) {
        throw (RuntimeException) thrown; // tasks declare no checked exception
      }
    }
  }

  private static void lookOut(BooleanSupplier condition) {
    long end = System.nanoTime() + LOOKOUT_NANOS;
    while (!condition.getAsBoolean() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  private final class Worker extends Thread {
    private final int index;
    private Operation done;
    private volatile boolean asleep;

    Worker(int index) {
      super("kernels-" + (index + 1));
      setDaemon(true);
      this.index = index;
    }

    @Override
    public void run() {
      gemmLimited = OpenMpThreads.limitCallingThreadToOne();
      try (Scratch own = scratch.get()) {
        while (true) {
          Operation operation = next();
          if (operation == done) {
            return; // closed, and no operation is left
          }
          if (operation.isHelpedBy(index)) {
            operation.takeTasks(own);
          }
          done = operation;
        }
      }
    }

    private Operation next() {
      lookOut(() -> current != done || closed);
      if (current == done && !closed) {
        asleep = true; // must precede the next read of current: see wake()
        while (current == done && !closed) {
          LockSupport.park(WorkerPool.this);
        }
        asleep = false;
      }
      return current;
    }

    /** Called after current changed: a worker that has not seen the change has set asleep. */
    void wake() {
      if (asleep) {
        LockSupport.unpark(this);
      }
    }
  }
}
