package org.sparklora.engine.torch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
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
   * The state of operators that have run, with the memory that they used; {@code recording} is
   * empty before they are recorded, or if the device refused.
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
    List<Known> stale = known.values().stream().filter(Known::isStale).toList();
    stale.forEach(Known::close);
    known.values().removeAll(stale);
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
    AtomicReference<Optional<Recorder.Recording>> recorded = new AtomicReference<>();
    Set<TorchTensor.Storage> used = device.usedBy(() -> recorded.set(recorder.record(operators)));
    Optional<Recorder.Recording> recording = recorded.get();
    boolean isWhole = device.allocations() == allocations;
    if (recording.isPresent() && isWhole) {
      known.put(kind, new Known(recording, false, used));
      recording.get().replay();
      return;
    }
    recording.ifPresent(Recorder.Recording::close);
    if (isWhole) {
      LOG.info("{} does not record a step of decoding; its operators run one by one", device);
    } // else it allocated memory, which exists at the next attempt
    known.put(kind, new Known(Optional.empty(), isWhole, used));
    operators.run();
  }

  @Override
  public void close() {
    known.values().forEach(Known::close);
    known.clear();
  }
}
