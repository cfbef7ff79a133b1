package org.sparklora.train.meter;

import java.util.List;

/**
 * Recognises metrics that depend on machines and clocks: runs with equal results differ in them, so
 * comparisons leave them out.
 */
public final class MachineMetrics {
  private static final List<String> PREFIXES =
      List.of(PeakMemory.PREFIX, ExecutorUse.PREFIX, ExecutorUse.AVERAGING);
  private static final List<String> SUFFIXES = List.of("_runtime", "_per_second", "step_time");

  private MachineMetrics() {}

  /**
   * Whether a metric depends on the machines. {@code averaging_error} counts as one: it depends on
   * the number of workers, though not on their speed.
   */
  public static boolean contain(String name) {
    return PREFIXES.stream().anyMatch(name::startsWith)
        || SUFFIXES.stream().anyMatch(name::endsWith);
  }
}
