package org.sparklora.spark.run;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sparklora.observe.track.RunMetricsSource;
import org.sparklora.observe.track.TrackedLog;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.TrainerState;
import org.sparklora.train.meter.PeakMemory;

/**
 * Writes the rows of a run to its folder's log, the trackers and Spark's metrics, and prints them.
 * Adds the peak memory to each row. For the training thread only.
 */
final class TrainingLog implements AutoCloseable {
  private final TrainingConfig config;
  private final PrintStream out;
  private final PeakMemory memory = new PeakMemory();
  private final TrackedLog log;
  private final RunMetricsSource metrics;

  TrainingLog(
      TrainingConfig config,
      PrintStream out,
      RunFolder folder,
      TrainerState state,
      int totalSteps) {
    this.config = config;
    this.out = out;
    OutputConfig output = config.output();
    String settings = config.training().effectiveYaml();
    this.log =
        TrackedLog.begin(
            folder,
            state.history(),
            new TrackedLog.Run(output.runName(), output.tracking(), settings));
    this.metrics = RunMetricsSource.register(() -> state.sums().steps(), totalSteps);
  }

  /**
   * The last row of a run of {@code steps} steps, without what the log adds to each row. Only an
   * alert may follow it, if the results could not be saved.
   */
  static Optional<Map<String, Object>> lastRow(RunFolder folder, int steps) {
    return MetricsLog.read(folder.fileSystem(), folder.path()).stream()
        .flatMap(row -> TrainerState.summary(row, steps).stream())
        .reduce((earlier, later) -> later);
  }

  TrackedLog tracked() {
    return log;
  }

  PeakMemory memory() {
    return memory;
  }

  /** Logs a row, further values and the memory used, and shows the row. */
  void add(Map<String, Object> row, Map<String, ?> beside) {
    Map<String, Object> all = new LinkedHashMap<>(row);
    all.putAll(memory.metrics());
    all.putAll(beside);
    log.log(all);
    metrics.show(all);
    out.println(
        config.printed().stream()
            .filter(name -> row.get(name) != null)
            .map(name -> String.format(Locale.ROOT, "'%s': '%.4g'", name, (Double) row.get(name)))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  @Override
  public void close() {
    log.close();
  }
}
