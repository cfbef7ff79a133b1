package org.sparklora.spark.sweep;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.observe.report.RunLog;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.eval.EvalJob;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoJob;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialFolder;
import org.sparklora.sweep.TrialOutcome;
import org.sparklora.train.NonFiniteLossException;
import org.sparklora.train.grpo.LogProbGuard;

/**
 * Trains or evaluates one trial in the calling thread, from the last checkpoint of an earlier task,
 * if any. The results equal those of the command with the trial's flags.
 *
 * @param hadoop Hadoop's settings, for file systems
 * @param sweep the sweep's folder
 * @param keepWeights whether weights are kept when the trial is done
 */
record TrialRun(Map<String, String> hadoop, String sweep, boolean keepWeights)
    implements Serializable {
  private static final String LOW = "_low";
  private static final String HIGH = "_high";

  /** The reproducible counts of the summary of {@code eval}. */
  private static final List<String> COUNTS =
      List.of(
          "problems",
          "completions",
          "unverifiable_completions",
          "completions/mean_length",
          "completions/clipped_ratio");

  /** Runs the trial up to step {@code stop}, where it saves a checkpoint, or to its end. */
  TrialOutcome run(Trial trial, int stop) {
    try {
      Configuration configuration = HadoopSettings.configuration(hadoop);
      TrialFolder folder = new TrialFolder(configuration, sweep, trial.name());
      Optional<TrialOutcome> before = folder.outcome();
      if (before.isPresent() && before.get().reaches(stop)) {
        return before.get(); // of a task whose result was lost
      }
      TrialOutcome outcome =
          trial.isEvaluation()
              ? evaluate(configuration, folder, trial)
              : train(configuration, folder, trial, stop, before);
      folder.write(outcome);
      cleanUp(trial, folder, outcome);
      return outcome;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Deletes weights and checkpoints of a trial that has ended, unless they are kept. */
  void cleanUp(Trial trial, TrialFolder folder, TrialOutcome outcome) throws IOException {
    if (!keepWeights && !trial.isEvaluation() && outcome.state() != TrialOutcome.State.STOPPED) {
      folder.keepLogsOnly();
    }
  }

  /** Trains the trial; if it diverges, the step of its outcome at an earlier rung stays. */
  private static TrialOutcome train(
      Configuration configuration,
      TrialFolder folder,
      Trial trial,
      int stop,
      Optional<TrialOutcome> before)
      throws IOException {
    double secondsBefore = before.map(TrialOutcome::seconds).orElse(0.0);
    long started = System.nanoTime();
    try {
      TrainingRun.Result result = trainAgainIfDamaged(configuration, folder, trial, stop);
      return new TrialOutcome(
          trial.name(),
          trial.values(),
          result.complete() ? TrialOutcome.State.DONE : TrialOutcome.State.STOPPED,
          "",
          result.steps(),
          secondsBefore + (System.nanoTime() - started) / 1e9,
          result.trainedParameters(),
          TrialOutcome.numbers(RunLog.read(configuration, folder.name()).rows()));
    } catch (NonFiniteLossException | LogProbGuard.PolicyMismatchException e) {
      return new TrialOutcome(
          trial.name(),
          trial.values(),
          TrialOutcome.State.DIVERGED,
          e.getMessage(),
          before.map(TrialOutcome::step).orElse(0),
          secondsBefore + (System.nanoTime() - started) / 1e9,
          0,
          TrialOutcome.numbers(folder.log()));
    }
  }

  /** Trains; restarts from step 0 if the checkpoint is unusable. */
  private static TrainingRun.Result trainAgainIfDamaged(
      Configuration configuration, TrialFolder folder, Trial trial, int stop) throws IOException {
    try {
      return train(configuration, folder, trial, stop);
    } catch (ConfigException e) {
      if (!e.key().equals(Flags.RESUME_FROM_CHECKPOINT.name())) {
        throw e;
      }
      folder.clear();
      return train(configuration, folder, trial, stop);
    }
  }

  private static TrainingRun.Result train(
      Configuration configuration, TrialFolder folder, Trial trial, int stop) throws IOException {
    Settings settings =
        trial
            .settings()
            .with(Flags.REPORT_TO, "none") // SweepRuns sends the log to trackers
            .with(Flags.OUTPUT_DIR, folder.name())
            .with(Flags.OVERWRITE_OUTPUT_DIR, "true");
    if (folder.hasCheckpoint()) {
      settings = settings.with(Flags.RESUME_FROM_CHECKPOINT, RunFolder.LATEST);
    }
    TrainingEnvironment place = new TrainingEnvironment.OfThread(configuration, silence());
    if (trial.command().equals("sft")) {
      // a run that diverges deletes its log unless the folder holds another file
      folder.write("sft_config.yaml", settings.toYaml());
      return SftJob.run(place, SftConfig.of(settings), RunListener.none(), stop);
    }
    return GrpoJob.run(
        place,
        GrpoConfig.of(settings),
        Optional.empty(),
        Optional.empty(),
        RunListener.none(),
        stop);
  }

  /**
   * Evaluates the trial. Its log is one row with the summary of {@code eval}; all answers with
   * their verdicts stay in the trial's folder.
   */
  private static TrialOutcome evaluate(Configuration hadoop, TrialFolder folder, Trial trial)
      throws IOException {
    long started = System.nanoTime();
    Settings settings =
        trial
            .settings()
            .with(Flags.OUTPUT_DIR, folder.name())
            .with(Flags.OVERWRITE_OUTPUT_DIR, "true");
    Map<String, Object> summary =
        EvalJob.run(
            new TrainingEnvironment.OfThread(hadoop, silence()),
            MathEvalConfig.of(PreparedTables.decided(hadoop, settings)));
    folder.write("eval_config.yaml", settings.toYaml());
    return new TrialOutcome(
        trial.name(),
        trial.values(),
        TrialOutcome.State.DONE,
        "",
        0,
        (System.nanoTime() - started) / 1e9,
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

  /** The metrics of evaluations that a sweep may compare. */
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

  /** Discards the printed rows, which would mix with other trials'; the log has them. */
  private static PrintStream silence() {
    return new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
  }
}
