package org.sparklora.train.meter;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * Work of an executor since its last reading; sent to the driver with a result.
 *
 * @param executor Spark's id of the executor: a number, or {@code driver} in local mode
 * @param training gradients, and updates if executors apply them
 * @param generation completions
 * @param memory the executor's peaks so far in bytes, under {@link PeakMemory}'s names
 */
public record ExecutorReading(
    String executor, Effort training, Effort generation, Map<String, Long> memory)
    implements Serializable {

  /** Adds another reading of the same executor. */
  ExecutorReading plus(ExecutorReading other) {
    Map<String, Long> peaks = new HashMap<>(memory);
    other.memory.forEach((name, bytes) -> peaks.merge(name, bytes, Math::max));
    return new ExecutorReading(
        executor, training.plus(other.training), generation.plus(other.generation), peaks);
  }
}
