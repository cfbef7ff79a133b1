package org.sparklora.spark.sweep;

import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.eval.EvalJob;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialFolder;
import org.sparklora.sweep.TrialOutcome;

/**
 * Runs a trial of {@code eval} in the calling thread. Its log is one row with the summary of {@code
 * eval}; all answers with their verdicts stay in the trial's folder.
 */
final class EvaluationRun {
  private static final String LOW = "_low";
  private static final String HIGH = "_high";

  /** The reproducible counts of the summary. */
  private static final List<String> COUNTS =
      List.of(
          "problems",
          "completions",
          "unverifiable_completions",
          "completions/mean_length",
          "completions/clipped_ratio");

  private static final String SETTINGS = "eval_config.yaml";
  private static final double NANOS = 1e9;

  private EvaluationRun() {}

  static TrialOutcome run(Configuration hadoop, TrialFolder folder, Trial trial, PrintStream out)
      throws IOException {
    long started = System.nanoTime();
    Settings settings =
        trial
            .settings()
            .with(Flags.OUTPUT_DIR, folder.name())
            .with(Flags.OVERWRITE_OUTPUT_DIR, "true");
    Map<String, Object> summary =
        EvalJob.run(
            new TrainingEnvironment.OfThread(hadoop, out),
            MathEvalConfig.of(PreparedTables.decided(hadoop, settings)));
    folder.write(SETTINGS, settings.toYaml());
    return new TrialOutcome(
        trial.name(),
        trial.values(),
        TrialOutcome.State.DONE,
        "",
        0,
        (System.nanoTime() - started) / NANOS,
        0,
        List.of(row(summary)));
  }

  /** The row of a summary: {@code pass@k} with interval, and the counts. */
  private static Map<String, Double> row(Map<String, Object> summary) {
    Map<String, Double> row = new LinkedHashMap<>();
    row.put(TrialOutcome.STEP, 0.0);
    summary.forEach(
        (name, value) -> {
          if (value instanceof Map<?, ?> pass && pass.get("value") instanceof Double share) {
            row.put(name, share);
            row.put(name + LOW, (Double) pass.get("low"));
            row.put(name + HIGH, (Double) pass.get("high"));
          } else if (value instanceof Number number && COUNTS.contains(name)) {
            row.put(name, number.doubleValue());
          }
        });
    return row;
  }

  /** The metrics that a sweep may compare. */
  static List<String> logged(MathEvalConfig config) {
    List<String> names = new ArrayList<>();
    for (int k : config.passK()) {
      String pass = MathEvalConfig.pass(k);
      names.addAll(List.of(pass, pass + LOW, pass + HIGH));
    }
    int completions = config.generation().sampling().numGenerations();
    if (completions > 1) {
      names.add(MathEvalConfig.majority(completions));
    }
    names.addAll(COUNTS);
    return List.copyOf(names);
  }
}
