package org.sparklora.train.step;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.sparklora.train.vector.FlatVector;

/**
 * The vectors of a run that a process keeps from round to round: parameters at the start of the
 * latest round, and the moments of workers whose last step was taken here. Every value can be
 * computed again from a {@link RoundStart}; a loss changes results only if rows are dealt by speed.
 *
 * <p>Thread-safe.
 */
final class KeptVectors {
  private static final Map<String, KeptVectors> RUNS = new ConcurrentHashMap<>();

  private final Map<Integer, Moments> moments = new HashMap<>();
  private FlatVector parameters = new FlatVector(0);
  private int parametersRound = -1;
  private boolean released;

  private record Moments(int round, FlatVector vector) {}

  private KeptVectors() {}

  /** The vectors of a run in this process, for the start of a task. */
  static KeptVectors of(String run) {
    return RUNS.computeIfAbsent(run, name -> new KeptVectors());
  }

  /** The vectors of a run for the end of a task, which keeps none if the run was released. */
  static KeptVectors ifRunning(String run) {
    KeptVectors kept = RUNS.get(run);
    if (kept == null) {
      kept = new KeptVectors();
      kept.free();
    }
    return kept;
  }

  /** Frees the vectors of a run in this process. Idempotent. */
  static void release(String run) {
    Optional.ofNullable(RUNS.remove(run)).ifPresent(KeptVectors::free);
  }

  private synchronized void free() {
    released = true;
    parameters.close();
    moments.values().forEach(one -> one.vector().close());
    moments.clear();
    parametersRound = -1;
  }

  /** Passes on the parameters at the start of a round, to be read before this call returns. */
  synchronized void parameters(RoundStart start, Consumer<FlatVector> reader) {
    if (parametersRound < start.snapshot().round() || parametersRound > start.round()) {
      FlatVector read = start.snapshot().parameters().vector().copy(); // may fail
      parameters.close();
      parameters = read;
      parametersRound = start.snapshot().round();
    }
    for (RoundStart.Past over : start.since(parametersRound)) {
      over.update().vector().addTo(parameters.pointer());
      parametersRound++;
    }
    reader.accept(parameters);
    if (released) {
      free();
    }
  }

  /** Takes out a worker's moments at the start of a round, for the caller; empty if not here. */
  synchronized Optional<FlatVector> take(RoundStart start, int worker) {
    Moments kept = moments.remove(worker);
    if (kept != null && !start.hasMomentsOf(worker, kept.round())) {
      kept.vector().close();
      return Optional.empty();
    }
    return Optional.ofNullable(kept).map(Moments::vector);
  }

  /** Keeps the moments that a worker has at the start of a round. */
  synchronized void put(int worker, int round, FlatVector vector) {
    Moments before = moments.get(worker);
    if (released || before != null && before.round() > round) { // a task that Spark gave up
      vector.close();
      return;
    }
    moments.put(worker, new Moments(round, vector));
    if (before != null) {
      before.vector().close();
    }
  }
}
