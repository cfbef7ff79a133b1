package org.sparklora.spark.meter;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;

/**
 * What an executor did since its last reading. It travels with a result.
 *
 * @param executor Spark's name of it: a number, or {@code driver} where there is one process
 * @param training gradients, and their updates where executors apply them
 * @param generation completions
 * @param memory its peaks so far in bytes, under {@link PeakMemory}'s names
 */
public record ExecutorReading(
    String executor, Effort training, Effort generation, Map<String, Long> memory)
    implements Serializable {

  /** Two readings of one executor as one. */
  ExecutorReading plus(ExecutorReading other) {
    Map<String, Long> peaks = new HashMap<>(memory);
    other.memory.forEach((name, bytes) -> peaks.merge(name, bytes, Math::max));
    return new ExecutorReading(
        executor, training.plus(other.training), generation.plus(other.generation), peaks);
  }
}
