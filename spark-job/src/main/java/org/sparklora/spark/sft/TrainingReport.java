package org.sparklora.spark.sft;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.spark.dl4j.Evaluation;
import org.sparklora.spark.dl4j.RoundReport;
import org.sparklora.spark.meter.PeakMemory;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.EvalMetrics;
import org.sparklora.spark.train.StepMetrics;
import org.sparklora.spark.train.TrainerState;

/**
 * Follows a run: progress on the terminal, log rows as TRL prints them, the same rows with the
 * memory used and what executors did in {@code metrics.jsonl}, and the {@link TrainerState}.
 */
final class TrainingReport {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingReport.class);
  private static final double NANOS = 1e9;
  private static final List<String> PRINTED =
      Stream.of(
              List.of(
                  "loss",
                  "grad_norm",
                  "learning_rate",
                  "entropy",
                  "mean_token_accuracy",
                  "num_tokens"),
              TrainerState.EVAL_METRICS,
              List.of("epoch"))
          .flatMap(List::stream)
          .toList();

  private final TrainerState state;
  private final TrackedLog metrics;
  private final SftConfig config;
  private final int totalSteps;
  private final PeakMemory memory = new PeakMemory();
  private final Progress progress = Progress.start("sft", "tokens");
  private final long started = System.nanoTime();
  private final Map<String, Number> measured = new LinkedHashMap<>();
  private int measuredUntil;
  private double seconds;

  TrainingReport(TrainerState state, TrackedLog metrics, SftConfig config, int totalSteps) {
    this.state = state;
    this.metrics = metrics;
    this.config = config;
    this.totalSteps = totalSteps;
    progress.goOnFrom((double) state.sums().steps() / totalSteps, state.sums().tokens());
  }

  TrainerState state() {
    return state;
  }

  /**
   * A round is over, whose steps follow. What it measured is logged beside the first row that
   * covers its last step.
   */
  void round(int lastStep, double roundSeconds, RoundReport round) {
    measuredUntil = lastStep;
    measured.clear();
    long tokens = round.steps().stream().mapToLong(StepMetrics::tokens).sum();
    measured.put("tokens_per_second", tokens / roundSeconds);
    measured.putAll(round.use().metrics(roundSeconds, 1));
    round
        .averagingError()
        .ifPresent(
            error -> {
              measured.put("averaging_error", error);
              LOG.info(
                  "Averaging error after step {}: {} of the update's norm",
                  lastStep,
                  "%.3g".formatted(error));
            });
  }

  /** A step is done. */
  void step(StepMetrics step, double epochAfter, double learningRate) {
    memory.sample();
    state.add(step, epochAfter, learningRate).ifPresent(this::log);
    if (config.output().showProgress()) {
      progress.show((step.step() + 1.0) / totalSteps, state.sums().tokens());
    }
  }

  /** Evaluates and logs what came of it. */
  Map<String, Object> evaluate(Evaluation evaluation) {
    long start = System.nanoTime();
    EvalMetrics measured = evaluation.run(state.sums().steps());
    Map<String, Object> row = state.evaluated(measured, (System.nanoTime() - start) / NANOS);
    log(row);
    return row;
  }

  /** Evaluates, and compares with the best so far. */
  void evaluateAndCompare(Evaluation evaluation) {
    Map<String, Object> row = evaluate(evaluation);
    config
        .evaluation()
        .best()
        .ifPresent(best -> state.compare((Double) row.get(best.metric()), best.greaterIsBetter()));
  }

  private void log(Map<String, Object> row) {
    Map<String, Object> withMemory = new LinkedHashMap<>(row);
    withMemory.putAll(memory.metrics());
    if (state.sums().steps() >= measuredUntil) {
      withMemory.putAll(measured);
      measured.clear();
    }
    metrics.log(withMemory);
    System.out.println(
        PRINTED.stream()
            .filter(row::containsKey)
            .map(key -> "'%s': '%.4g'".formatted(key, (Double) row.get(key)))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  /** Training has ended: logs the last row. */
  void finish() {
    seconds = (System.nanoTime() - started) / NANOS;
    if (config.output().showProgress()) {
      progress.done(state.sums().tokens());
    }
    metrics.log(state.finish(seconds, memory.metrics()));
  }

  /** Of training, since this process began it. */
  double seconds() {
    return seconds;
  }
}
