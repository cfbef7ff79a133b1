package org.sparklora.spark.workers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Assigns an executor to each worker. A worker takes a whole executor, however many task slots it
 * has, until the executor is lost; workers share executors only if they outnumber them. An executor
 * that registers later gets a worker that has lost its own. Thread-safe.
 */
final class ExecutorPlaces {
  private final Supplier<List<Executor>> alive;

  /** Executor ids by worker; empty if the executor was lost and no other is free. */
  private final List<Optional<String>> ofWorkers = new ArrayList<>();

  /**
   * @param alive lists the registered executors
   */
  ExecutorPlaces(Supplier<List<Executor>> alive) {
    this.alive = alive;
  }

  /**
   * An executor.
   *
   * @param slots tasks that the executor runs at once
   * @param busy tasks that the executor runs now
   */
  record Executor(String id, String host, int slots, int busy) {
    /** This executor as Spark writes it in a task's preferred locations. */
    String location() {
      return "executor_%s_%s".formatted(host, id);
    }
  }

  /**
   * The executors of workers 0 to {@code workers} - 1. The tasks of a worker without an executor
   * (empty) run wherever a slot is free.
   */
  synchronized List<Optional<Executor>> of(int workers) {
    Map<String, Executor> there = new HashMap<>();
    alive.get().forEach(executor -> there.put(executor.id(), executor));
    for (int worker = 0; worker < ofWorkers.size(); worker++) {
      Optional<String> kept = ofWorkers.get(worker).filter(there::containsKey);
      ofWorkers.set(worker, kept);
    }
    for (int worker = 0; worker < workers; worker++) {
      if (worker == ofWorkers.size()) {
        ofWorkers.add(leastTaken(there).map(Executor::id));
      } else if (ofWorkers.get(worker).isEmpty()) {
        ofWorkers.set(worker, leastTaken(there).map(Executor::id).filter(id -> taken(id) == 0));
      }
    }
    return ofWorkers.subList(0, workers).stream().map(id -> id.map(there::get)).toList();
  }

  /** Executors with a free slot come first; if none has one, workers take turns. */
  private Optional<Executor> leastTaken(Map<String, Executor> there) {
    return there.values().stream()
        .min(
            Comparator.<Executor, Boolean>comparing(one -> taken(one.id()) >= one.slots())
                .thenComparing(one -> taken(one.id()))
                .thenComparing(Executor::busy)
                .thenComparing(one -> one.id().length()) // "2" before "10"
                .thenComparing(Executor::id));
  }

  private long taken(String executor) {
    return ofWorkers.stream().filter(id -> id.equals(Optional.of(executor))).count();
  }
}
