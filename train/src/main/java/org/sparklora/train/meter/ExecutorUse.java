package org.sparklora.train.meter;

import java.util.DoubleSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Work of all executors in a section of a run, and bytes sent for it, as metrics:
 *
 * <table>
 *   <caption>Metrics</caption>
 *   <tr><td>{@code executors/count}</td><td>executors that worked</td></tr>
 *   <tr><td>{@code executors/ID/tokens_per_second}</td><td>trained on, per second of computing</td></tr>
 *   <tr><td>{@code executors/ID/completion_tokens_per_second}</td><td>sampled, per second of computing</td></tr>
 *   <tr><td>{@code executors/ID/peak_memory_…}</td><td>bytes, see {@link PeakMemory}</td></tr>
 *   <tr><td>{@code executors/min_…, mean_…, max_…}</td><td>of the rates, over executors</td></tr>
 *   <tr><td>{@code executors/max_peak_memory_…}</td><td>largest peak of any executor</td></tr>
 *   <tr><td>{@code averaging_seconds}</td><td>of a round, beyond the busiest executor's computing</td></tr>
 *   <tr><td>{@code averaging_bytes}</td><td>parameters, moments and gradients, sent and received</td></tr>
 * </table>
 *
 * <p>Thread-safe.
 */
public final class ExecutorUse {
  static final String PREFIX = "executors/";

  /** Prefix of the metrics of synchronising executors. */
  static final String AVERAGING = "averaging_";

  private static final String TRAINING = "tokens_per_second";
  private static final String GENERATION = "completion_tokens_per_second";

  private final Map<String, ExecutorReading> executors = new TreeMap<>();
  private long bytes;

  public synchronized void add(ExecutorReading reading) {
    executors.merge(reading.executor(), reading, ExecutorReading::plus);
  }

  /** Adds bytes sent or received between processes. */
  public synchronized void addBytes(long moved) {
    bytes += moved;
  }

  public synchronized int executors() {
    return executors.size();
  }

  /**
   * All metrics.
   *
   * @param seconds training time, from the parameters before the first step to those after the last
   * @param rounds number of synchronisations; averaging metrics are per round
   */
  public synchronized Map<String, Number> metrics(double seconds, int rounds) {
    Map<String, Number> metrics = new TreeMap<>();
    double busiest =
        executors.values().stream().mapToDouble(one -> one.training().seconds()).max().orElse(0);
    metrics.put(AVERAGING + "seconds", Math.max(0, seconds - busiest) / rounds);
    metrics.put(AVERAGING + "bytes", (double) bytes / rounds);
    metrics.put(PREFIX + "count", executors.size());
    putRates(metrics, TRAINING, ExecutorReading::training);
    putRates(metrics, GENERATION, ExecutorReading::generation);
    for (ExecutorReading reading : executors.values()) {
      reading
          .memory()
          .forEach(
              (name, peak) -> {
                metrics.put(PREFIX + reading.executor() + "/" + name, peak);
                metrics.merge(
                    PREFIX + "max_" + name,
                    peak,
                    (one, other) -> Math.max(one.longValue(), other.longValue()));
              });
    }
    return metrics;
  }

  private void putRates(
      Map<String, Number> metrics, String name, Function<ExecutorReading, Effort> effort) {
    DoubleSummaryStatistics rates = new DoubleSummaryStatistics();
    executors.forEach(
        (executor, reading) -> {
          Effort done = effort.apply(reading);
          if (done.tokens() > 0) {
            metrics.put(PREFIX + executor + "/" + name, done.tokensPerSecond());
            rates.accept(done.tokensPerSecond());
          }
        });
    if (rates.getCount() > 0) {
      metrics.put(PREFIX + "min_" + name, rates.getMin());
      metrics.put(PREFIX + "mean_" + name, rates.getAverage());
      metrics.put(PREFIX + "max_" + name, rates.getMax());
    }
  }
}
