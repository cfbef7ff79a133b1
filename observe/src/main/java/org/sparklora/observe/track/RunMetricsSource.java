package org.sparklora.observe.track;

import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;
import org.sparklora.train.meter.PromptQueue;

/**
 * Publishes this process's latest run among the driver's Spark metrics, for the sinks of {@code
 * metrics.properties} (Prometheus, JMX, Graphite), as in {@code APPLICATION.driver.SparkLora.loss}.
 * Metrics without a number are NaN. The values of a completed run stay until another run or the end
 * of the session, so that polling sinks see the last ones.
 *
 * <p>Spark declares {@code Source} private to its packages in Scala, but it is public in bytecode,
 * and other libraries implement it too. Thread-safe.
 */
public final class RunMetricsSource implements Source {
  /** Prefix of all metrics' names, after the application and {@code driver}. */
  public static final String NAME = "SparkLora";

  private static final double NANOS = 1e9;
  private static final String TOKENS = "num_tokens";
  private static final String TOKENS_PER_SECOND = "tokens_per_second";

  /** A metric that only rows of grpo have. */
  private static final String STEP_TIME = "step_time";

  /** Metrics with the names and values of log rows. */
  private static final List<String> OF_ROWS =
      List.of(
          "epoch",
          "loss",
          "eval_loss",
          "reward",
          "reward_std",
          "eval_reward",
          "entropy",
          "grad_norm",
          "learning_rate",
          TOKENS,
          TOKENS_PER_SECOND,
          "executors/count",
          "executors/max_peak_memory_process",
          "peak_memory_heap",
          "peak_memory_off_heap",
          "peak_memory_process",
          "peak_memory_gpu");

  private static final AtomicReference<RunMetricsSource> LATEST = new AtomicReference<>();

  private final MetricRegistry registry = new MetricRegistry();
  private final Map<String, Double> values = new ConcurrentHashMap<>();
  private long countedNanos = System.nanoTime();

  private RunMetricsSource(IntSupplier steps, int totalSteps) {
    registry.gauge("step", () -> steps::getAsInt);
    registry.gauge("total_steps", () -> () -> totalSteps);
    registry.gauge("prompts_waiting", () -> PromptQueue::waiting);
    OF_ROWS.forEach(name -> registry.gauge(name.replace('/', '_'), () -> () -> value(name)));
  }

  /**
   * Publishes a run in place of an earlier one.
   *
   * @param steps returns the number of completed optimizer steps
   * @param totalSteps optimizer steps of the whole run
   */
  public static RunMetricsSource register(IntSupplier steps, int totalSteps) {
    RunMetricsSource source = new RunMetricsSource(steps, totalSteps);
    RunMetricsSource earlier = LATEST.getAndSet(source);
    SparkEnv spark = SparkEnv.get();
    if (spark != null) { // null without a Spark session
      if (earlier != null) {
        spark.metricsSystem().removeSource(earlier);
      }
      spark.metricsSystem().registerSource(source);
    }
    return source;
  }

  /** Publishes the metrics of a log row. */
  public synchronized void show(Map<String, ?> row) {
    double before = value(TOKENS);
    OF_ROWS.forEach(
        name -> {
          if (row.containsKey(name)) { // with null if the value is not finite
            values.put(name, row.get(name) instanceof Number n ? n.doubleValue() : Double.NaN);
          }
        });
    // rows of sft have a rate of their own; for grpo it is computed when a row has new tokens,
    // which only one row of a round has
    if (row.containsKey(STEP_TIME) && value(TOKENS) != before) {
      long now = System.nanoTime();
      if (!Double.isNaN(before)) {
        values.put(TOKENS_PER_SECOND, (value(TOKENS) - before) * NANOS / (now - countedNanos));
      }
      countedNanos = now;
    }
  }

  private double value(String name) {
    return values.getOrDefault(name, Double.NaN);
  }

  @Override
  public String sourceName() {
    return NAME;
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }
}
