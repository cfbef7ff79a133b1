package org.sparklora.spark.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.sweep.SweepPlan;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialFolder;
import org.sparklora.sweep.TrialOutcome;

/** Lists the trials of a sweep with their estimated cost, without training. */
public final class DryRun {
  private DryRun() {}

  /**
   * A line for each trial, then the sums.
   *
   * @param rate floating-point operations per second; empty for the rate of completed trials
   */
  public static String text(Configuration hadoop, SweepPlan plan, Optional<Double> rate)
      throws IOException {
    StringBuilder text = new StringBuilder();
    if (plan.trials().get(0).isEvaluation()) {
      plan.trials().forEach(trial -> text.append(trial.shown()).append('\n'));
      return text.append("%s evaluations".formatted(plan.trials().size()))
          .append("; what they take depends on how much the model says\n")
          .toString();
    }
    List<TrialCost> costs = new ArrayList<>();
    Optional<Double> speed = rate.isPresent() ? rate : measured(hadoop, plan);
    for (Trial trial : plan.trials()) {
      TrialCost cost = TrialCost.of(hadoop, trial);
      costs.add(cost);
      text.append(line(trial.shown(), cost, speed)).append('\n');
    }
    TrialCost all = costs.stream().reduce(new TrialCost(0, 0, 0), TrialCost::plus);
    text.append(line("all %s trials".formatted(costs.size()), all, speed)).append('\n');
    plan.file().halving().ifPresent(halving -> text.append("with halving fewer steps are taken\n"));
    if (speed.isEmpty()) {
      text.append(
          "the time is not known before a trial is done; give the machine's rate with"
              + " --flops_per_second\n");
    }
    return text.toString();
  }

  private static String line(String name, TrialCost cost, Optional<Double> speed) {
    String taken =
        cost.steps() == 0
            ? "steps not known before the table is made"
            : String.format(
                Locale.ROOT,
                "%,d steps, at most %,.0f tokens, %.3g FLOPs",
                cost.steps(),
                cost.tokens(),
                cost.flops());
    return "%s: %s%s"
        .formatted(
            name,
            taken,
            speed
                .filter(flops -> cost.steps() > 0)
                .map(flops -> ", " + Progress.time(cost.flops() / flops))
                .orElse(""));
  }

  /** Operations per second of the completed trials; empty without any. */
  private static Optional<Double> measured(Configuration hadoop, SweepPlan plan)
      throws IOException {
    double flops = 0;
    double seconds = 0;
    for (TrialOutcome outcome : done(hadoop, plan.folder())) {
      for (Trial trial : plan.trials()) {
        if (trial.values().equals(outcome.values())) {
          flops += TrialCost.of(hadoop, trial).flops();
          seconds += outcome.seconds();
        }
      }
    }
    return seconds > 0 && flops > 0 ? Optional.of(flops / seconds) : Optional.empty();
  }

  private static List<TrialOutcome> done(Configuration hadoop, String sweep) throws IOException {
    Path trials = new Path(sweep, "trials");
    FileSystem fileSystem = trials.getFileSystem(hadoop);
    List<TrialOutcome> done = new ArrayList<>();
    if (fileSystem.exists(trials)) {
      for (FileStatus status : fileSystem.listStatus(trials)) {
        new TrialFolder(hadoop, sweep, status.getPath().getName())
            .outcome()
            .filter(outcome -> outcome.state() == TrialOutcome.State.DONE)
            .ifPresent(done::add);
      }
    }
    return done;
  }
}
