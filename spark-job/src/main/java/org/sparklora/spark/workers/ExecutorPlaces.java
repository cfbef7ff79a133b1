package org.sparklora.spark.workers;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Assigns an executor to each worker. A worker takes a whole executor, however many task slots it
 * has, until the executor is lost or decommissioned; workers share executors only if they outnumber
 * them. A worker that has lost its own is another's guest until an executor registers. Thread-safe.
 */
final class ExecutorPlaces {
  private final Supplier<List<Executor>> alive;

  /** Executor ids by worker; empty if there was none. */
  private final List<Optional<String>> ofWorkers = new ArrayList<>();

  /** Workers that share another's executor until one is free. */
  private final Set<Integer> guests = new HashSet<>();

  /** Assigns workers to the executors that get tasks, which {@code alive} lists. */
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
    ofWorkers.replaceAll(id -> id.filter(there::containsKey));
    for (int worker = 0; worker < workers; worker++) {
      if (worker == ofWorkers.size()) {
        ofWorkers.add(leastTaken(there).map(Executor::id));
      } else if (ofWorkers.get(worker).isEmpty() || guests.contains(worker)) {
        move(worker, leastTaken(there).map(Executor::id));
      }
    }
    return ofWorkers.subList(0, workers).stream().map(id -> id.map(there::get)).toList();
  }

  /**
   * Gives a worker a less crowded executor: seldom, since the vectors that it keeps stay behind.
   */
  private void move(int worker, Optional<String> least) {
    Optional<String> now = ofWorkers.get(worker);
    long others = least.map(this::taken).orElse(0L);
    if (now.isEmpty() || others + 1 < taken(now.get())) {
      ofWorkers.set(worker, least);
      guests.remove(worker);
      if (others > 0) {
        guests.add(worker);
      }
    }
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
