package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleUnaryOperator;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/** Trials that nobody has trained, with numbers that a test gives them. */
final class Trials {
  private final SweepMetric metric;
  private final String command;
  private final List<Trial> trials = new ArrayList<>();
  private final List<TrialOutcome> outcomes = new ArrayList<>();

  Trials(SweepMetric metric) {
    this(metric, "sft");
  }

  Trials(SweepMetric metric, String command) {
    this.metric = metric;
    this.command = command;
  }

  /** A parabola over log rate with its lowest point at a rate. */
  static DoubleUnaryOperator bowl(double best, double least) {
    return rate -> least + 0.1 * Math.pow(Math.log10(rate / best), 2);
  }

  /** A trial that has come to this number at its last step; NaN for one that diverged. */
  Trials add(String flags, double value) {
    return add(flags, new double[] {100}, new double[] {value});
  }

  /** A trial with a curve. */
  Trials add(String flags, double[] steps, double[] values) {
    boolean diverged = Double.isNaN(values[values.length - 1]);
    List<Map<String, Double>> log = new ArrayList<>();
    for (int i = 0; i < steps.length && !diverged; i++) {
      log.add(Map.of(TrialOutcome.STEP, steps[i], metric.name(), values[i]));
    }
    return add(flags, (int) steps[steps.length - 1], diverged, log);
  }

  /** A trial with a whole log. */
  Trials add(String flags, int step, boolean diverged, List<Map<String, Double>> log) {
    List<String> arguments = new ArrayList<>(List.of("--model_name_or_path", "m"));
    arguments.addAll(List.of("--dataset_name", "d", "--output_dir", "o"));
    arguments.addAll(List.of(flags.split(" ")));
    Settings settings = CommandLine.parse(command, arguments).settings();
    Map<String, String> varied = new LinkedHashMap<>();
    String[] words = flags.split(" ");
    for (int i = 0; i < words.length; i += 2) {
      varied.put(words[i].substring(2), words[i + 1]);
    }
    String name = "t" + trials.size();
    trials.add(new Trial(name, varied, List.of(), Set.of(), settings));
    outcomes.add(
        new TrialOutcome(
            name,
            varied,
            diverged ? TrialOutcome.State.DIVERGED : TrialOutcome.State.DONE,
            diverged ? "the loss is NaN" : "",
            step,
            1,
            10L * Math.max(1, trials.get(trials.size() - 1).rank()),
            log));
    return this;
  }

  Study study() {
    return Study.of(metric, trials, outcomes);
  }

  List<Trial> trials() {
    return trials;
  }

  List<TrialOutcome> outcomes() {
    return outcomes;
  }
}
