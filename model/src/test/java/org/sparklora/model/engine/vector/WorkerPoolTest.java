package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

class WorkerPoolTest {

  @Test
  void everyTaskRunsOnce() {
    WorkerPool pool = new WorkerPool(3);
    AtomicIntegerArray runs = new AtomicIntegerArray(100);
    pool.forEach(100, (task, own) -> runs.incrementAndGet(task));
    assertThat(IntStream.range(0, 100).map(runs::get)).containsOnly(1);
    pool.forEach(0, (task, own) -> runs.incrementAndGet(task));
  }

  @Test
  void rangesCoverEverythingOnce() {
    WorkerPool pool = new WorkerPool(2);
    AtomicIntegerArray seen = new AtomicIntegerArray(101);
    pool.forRanges(
        101,
        10,
        (from, to, own) -> {
          for (long i = from; i < to; i++) {
            seen.incrementAndGet((int) i);
          }
        });
    assertThat(IntStream.range(0, 101).map(seen::get)).containsOnly(1);
  }

  @Test
  void aTasksFailureReachesTheCallerAndThePoolGoesOn() {
    WorkerPool pool = new WorkerPool(2);
    assertThatThrownBy(
            () ->
                pool.forEach(
                    4,
                    (task, own) -> {
                      throw new IllegalStateException("task failed");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("task failed");
    everyTaskRunsOnce();
  }

  @Test
  void workOfManyOperationsIsDoneByAWorkerWhichTakesPart() {
    WorkerPool pool = new WorkerPool(2);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    Thread first =
        pool.onWorker(
            () -> {
              for (int i = 0; i < 1000; i++) {
                pool.forEach(2, (task, own) -> threads.add(Thread.currentThread()));
                pool.forRanges(20, 10, (from, to, own) -> threads.add(Thread.currentThread()));
              }
              return pool.onWorker(Thread::currentThread);
            });
    assertThat(threads).hasSizeLessThanOrEqualTo(2).contains(first);
    assertThat(threads).doesNotContain(Thread.currentThread());
    everyTaskRunsOnce();
  }

  @Test
  void whatWorkThrowsReachesItsCaller() {
    WorkerPool pool = new WorkerPool(2);
    assertThatThrownBy(
            () ->
                pool.onWorker(
                    () -> {
                      throw new OutOfMemoryError("work failed");
                    }))
        .isInstanceOf(OutOfMemoryError.class)
        .hasMessage("work failed");
    assertThat(pool.onWorker(() -> 7)).isEqualTo(7);
  }

  @Test
  void callersAtOnceGetTheirOwnResultsWhetherTheyTakeTurnsOrNot() {
    Engine engine = EnginesUnderTest.opened("vector:2");
    List<CompletableFuture<float[]>> results =
        IntStream.range(0, 8)
            .mapToObj(
                seed ->
                    CompletableFuture.supplyAsync(
                        () ->
                            seed % 2 == 0
                                ? engine.run(() -> product(engine, seed))
                                : product(engine, seed)))
            .toList();
    for (int seed = 0; seed < 8; seed++) {
      assertThat(results.get(seed).join()).containsExactly(product(engine, seed));
    }
  }

  @Test
  void callersAtOnceGetTheirOwnResults() {
    Engine engine = EnginesUnderTest.opened("vector:3");
    List<CompletableFuture<float[]>> results =
        IntStream.range(0, 8)
            .mapToObj(seed -> CompletableFuture.supplyAsync(() -> product(engine, seed)))
            .toList();
    for (int seed = 0; seed < 8; seed++) {
      GuardedTensor.assertClose(
          results.get(seed).join(), product(EnginesUnderTest.REFERENCE, seed), 70, 1e-4);
    }
  }

  private static float[] product(Engine engine, int seed) {
    try (Tensor x = GuardedTensor.weight(engine, DType.FLOAT32, seed, 120, 70);
        Tensor w = GuardedTensor.weight(engine, DType.FLOAT32, seed + 1, 70, 70);
        Tensor y = engine.allocate(120, 70)) {
      for (int i = 0; i < 20; i++) {
        engine.matmul(x, w, y);
        engine.gate(SILU, y, y, y);
      }
      return y.toArray();
    }
  }
}
