package org.sparklora.spark.track;

import com.codahale.metrics.MetricRegistry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.source.Source;
import org.sparklora.spark.meter.PromptQueue;

/**
 * The latest run of this process among Spark's own metrics, of the driver, where the sinks of
 * {@code metrics.properties} (Prometheus, JMX, Graphite) show it beside the cluster's: {@code
 * APPLICATION.driver.SparkLora.loss}. What a run has not measured yet is NaN. The values of a run
 * that has ended stay until another begins or the session ends, so that sinks that poll see the
 * last ones.
 *
 * <p>Spark declares its {@code Source} for its own packages, and compiles it as public; every
 * library with metrics of its own implements it so. Thread-safe.
 */
public final class RunMetricsSource implements Source {
  /** What the names of all metrics begin with, behind the application and {@code driver}. */
  public static final String NAME = "SparkLora";

  private static final double NANOS = 1e9;
  private static final String TOKENS = "num_tokens";
  private static final String TOKENS_PER_SECOND = "tokens_per_second";

  /** What only rows of grpo have. */
  private static final String STEP_TIME = "step_time";

  /** Metrics that have the name and the value that they have in rows of the log. */
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
   * Shows a run from now on, in place of an earlier one.
   *
   * @param steps tells the optimizer steps that are done
   * @param totalSteps of the whole run
   */
  public static RunMetricsSource register(IntSupplier steps, int totalSteps) {
    RunMetricsSource source = new RunMetricsSource(steps, totalSteps);
    RunMetricsSource earlier = LATEST.getAndSet(source);
    SparkEnv spark = SparkEnv.get();
    if (spark != null) { // else there is no session, whose metrics these would be
      if (earlier != null) {
        spark.metricsSystem().removeSource(earlier);
      }
      spark.metricsSystem().registerSource(source);
    }
    return source;
  }

  /** Takes in a row of the log. */
  public synchronized void show(Map<String, ?> row) {
    double before = value(TOKENS);
    OF_ROWS.forEach(
        name -> {
          if (row.get(name) instanceof Number number) {
            values.put(name, number.doubleValue());
          }
        });
    // rows of sft tell their rate, and come in bursts; those of a round of grpo have its tokens
    // once
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
