package org.sparklora.engine.torch;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs operators repeatedly on the same memory. The first run is a warm-up, the second is recorded,
 * and later ones are replayed, until memory that the operators used is freed; then all begins anew.
 * If a device cannot record, or refuses, the operators always run one by one.
 *
 * <p>Not thread-safe.
 */
final class Replays implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Replays.class);

  private final TorchDevice device;
  private final Scope scope;
  private final Map<Object, Known> known = new HashMap<>();

  Replays(TorchDevice device, Scope scope) {
    this.device = device;
    this.scope = scope;
  }

  /**
   * The state of operators that have run.
   *
   * @param recording empty before the operators are recorded, or if the device refused
   * @param used memory that the operators used
   */
  private record Known(
      Optional<Recorder.Recording> recording, boolean isRefused, Set<TorchTensor.Storage> used) {
    boolean isStale() {
      return used.stream().anyMatch(memory -> memory.isClosed);
    }

    void close() {
      recording.ifPresent(Recorder.Recording::close);
    }
  }

  /**
   * @param kind of the operators: equal kinds call the same operators with the same arguments,
   *     except for the contents of the memory that they read
   */
  void run(Object kind, Runnable operators) {
    if (device.recorder().isEmpty()) {
      operators.run();
      return;
    }
    scope.run(() -> run(kind, operators, device.recorder().get()));
  }

  private void run(Object kind, Runnable operators, Recorder recorder) {
    Known before = known.get(kind);
    if (before != null && before.recording.isPresent() && !before.isStale()) {
      before.recording.get().replay();
      return;
    }
    forgetStale();
    before = known.get(kind);
    if (before == null) {
      Set<TorchTensor.Storage> used = device.usedBy(() -> recorder.warmUp(operators));
      known.put(kind, new Known(Optional.empty(), false, used));
    } else if (before.isRefused) {
      operators.run();
    } else {
      record(kind, operators, recorder);
    }
  }

  private void record(Object kind, Runnable operators, Recorder recorder) {
    long allocations = device.allocations();
    Recorded recorded = new Recorded();
    Set<TorchTensor.Storage> used =
        device.usedBy(() -> recorded.recording = recorder.record(operators));
    boolean isWhole = device.allocations() == allocations;
    if (recorded.recording.isPresent() && isWhole) {
      known.put(kind, new Known(recorded.recording, false, used));
      recorded.recording.get().replay();
      return;
    }
    recorded.recording.ifPresent(Recorder.Recording::close);
    if (isWhole) {
      LOG.info("{} does not record a step of decoding; its operators run one by one", device);
    } // else it allocated memory, which exists at the next attempt
    known.put(kind, new Known(Optional.empty(), isWhole, used));
    operators.run();
  }

  /** Holds the result of {@link Recorder#record}. */
  private static final class Recorded {
    Optional<Recorder.Recording> recording = Optional.empty();
  }

  private void forgetStale() {
    known
        .values()
        .removeIf(
            operators -> {
              boolean isStale = operators.isStale();
              if (isStale) {
                operators.close();
              }
              return isStale;
            });
  }

  @Override
  public void close() {
    known.values().forEach(Known::close);
    known.clear();
  }
}
