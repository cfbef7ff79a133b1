package org.sparklora.spark.meter;

import java.util.List;

/**
 * Which metrics tell of machines and clocks: two runs that compute the same differ in them, so
 * comparisons leave them out.
 */
public final class MachineMetrics {
  private static final List<String> PREFIXES =
      List.of(PeakMemory.PREFIX, ExecutorUse.PREFIX, ExecutorUse.AVERAGING);
  private static final List<String> SUFFIXES = List.of("_runtime", "_per_second", "step_time");

  private MachineMetrics() {}

  /**
   * Whether a metric of this name is one. {@code averaging_error} is, since it depends on how many
   * work, though not on how fast.
   */
  public static boolean contain(String name) {
    return PREFIXES.stream().anyMatch(name::startsWith)
        || SUFFIXES.stream().anyMatch(name::endsWith);
  }
}
