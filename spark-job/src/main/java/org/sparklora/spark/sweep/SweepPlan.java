package org.sparklora.spark.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.PathSettings;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.run.TrainingConfig;
import org.sparklora.spark.sft.SftConfig;

/**
 * A sweep whose file was fully checked, before any table or trial is made.
 *
 * @param folder folder of the sweep
 * @param trials trials, not yet named
 */
public record SweepPlan(SweepFile file, String folder, List<Trial> trials) {
  private static final String TEST = "eval_";

  public SweepPlan {
    trials = List.copyOf(trials);
  }

  /**
   * Checks everything that can be checked before a table is made.
   *
   * @throws ConfigException for a folder of another sweep, an axis that is not a flag, an invalid
   *     value of a flag, two equal trials, or a metric that no trial logs
   */
  public static SweepPlan of(Configuration hadoop, SweepFile file, String folder) {
    SweepFolder.requireFree(hadoop, folder, file);
    try {
      List<Trial> trials = TrialGrid.of(file, folder);
      TrialTables tables = new TrialTables(hadoop, qualified(hadoop, folder));
      List<Trial> resolved = new ArrayList<>();
      for (Trial trial : trials) {
        PathSettings.require(trial.settings());
        ModelReference.requireFolders(trial.settings());
        Trial whole = tables.resolved(trial);
        requireMetric(file, whole);
        resolved.add(whole);
      }
      return new SweepPlan(file, qualified(hadoop, folder), resolved);
    } catch (ConfigException e) {
      throw e.place().isEmpty() && !e.key().equals(Flags.OUTPUT_DIR.name())
          ? e.in(file.place())
          : e;
    }
  }

  private static String qualified(Configuration hadoop, String folder) {
    Path path = new Path(folder);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      Path whole = fileSystem.makeQualified(path);
      return whole.toUri().getScheme().equals("file") ? whole.toUri().getPath() : whole.toString();
    } catch (IOException e) {
      throw new ConfigException(
          Flags.OUTPUT_DIR, folder, "it cannot be looked at (%s)".formatted(e.getMessage()));
    }
  }

  /** The settings of each trial's command. */
  public List<Settings> settings() {
    return trials.stream().map(Trial::settings).toList();
  }

  /**
   * The trackers of the trials.
   *
   * @param trackers replaces {@code report_to} of the trials' settings
   * @throws ConfigException for an unknown tracker
   */
  public TrackingConfig tracking(Optional<List<String>> trackers) {
    Settings settings = trials.get(0).settings();
    return trackers
        .map(words -> TrackingConfig.of(settings, words))
        .orElseGet(() -> TrackingConfig.of(settings));
  }

  /** A line for each flag of {@code base} without effect on any trial. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>(trials.get(0).settings().notes());
    trials.forEach(trial -> notes.retainAll(trial.settings().notes()));
    return notes;
  }

  static TrainingConfig config(Trial trial) {
    return trial.command().equals("sft")
        ? SftConfig.of(trial.settings())
        : GrpoConfig.of(trial.settings());
  }

  private static void requireMetric(SweepFile file, Trial trial) {
    if (trial.isEvaluation()) {
      file.metric().requireLogged(EvaluationRun.logged(MathEvalConfig.of(trial.settings())));
      return;
    }
    TrainingConfig config = config(trial);
    file.metric().requireLogged(logged(config));
    file.halving()
        .ifPresent(
            halving -> {
              int end = config.course().maxSteps();
              int last = halving.steps().get(halving.steps().size() - 1);
              ConfigException.require(
                  end <= 0 || last < end,
                  "halving",
                  halving.steps(),
                  "the run of a trial (%s) ends after %s steps; the rungs are steps before that"
                      .formatted(trial.shown(), end));
            });
  }

  /** The metrics that a run logs. */
  static List<String> logged(TrainingConfig config) {
    Set<String> names = new LinkedHashSet<>(config.printed());
    names.add("train_loss");
    if (config instanceof GrpoConfig grpo) {
      for (String reward : grpo.rewardNames()) {
        for (String kind : List.of("mean", "std")) {
          names.add("rewards/%s/%s".formatted(reward, kind));
          names.add(TEST + "rewards/%s/%s".formatted(reward, kind));
        }
      }
    }
    if (!config.evalSchedule().isOn()) {
      names.removeIf(name -> name.startsWith(TEST));
    }
    return List.copyOf(names);
  }
}
