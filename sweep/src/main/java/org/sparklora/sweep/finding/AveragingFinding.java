package org.sparklora.sweep.finding;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.sweep.Trial;

/**
 * "Workers that take many steps between two averages end where exact data parallelism ends"
 * (DiLoCo, arXiv 2503.09799, table 4): the excess of the metric over that of {@code --sync
 * gradients} with the same global batch, by steps between averages and number of workers.
 */
final class AveragingFinding {
  /** The steps between two averages of the published table. */
  private static final int PUBLISHED_FREQUENCY = 30;

  /** Published excess for 180 million parameters, and the most that this finding allows. */
  private static final Map<Integer, Excess> PUBLISHED =
      new TreeMap<>(
          Map.of(
              2, new Excess("0.3 %", 0.003),
              4, new Excess("1.1 %", 0.010),
              8, new Excess("2.3 %", 0.020)));

  private AveragingFinding() {}

  private record Excess(String published, double most) {}

  /** Trials that differ only in steps between averages and seed: a line of the figure. */
  private record Line(int workers, String label) {
    static Line of(Trial trial) {
      return new Line(AveragingFinding.workers(trial), String.join(", ", trial.labels()));
    }

    String name() {
      String all = "%s %s".formatted(workers, workers == 1 ? "worker" : "workers");
      return label.isEmpty() ? all : label + ", " + all;
    }
  }

  static Findings of(Study study) {
    Map<Line, IntervalLine> excesses = new LinkedHashMap<>();
    study
        .where(AveragingFinding::averages)
        .trials()
        .map(Line::of)
        .forEach(line -> excesses.computeIfAbsent(line, one -> excess(study, one)));
    LineFigure figure =
        new LineFigure(
            "Excess over exact data parallelism",
            "%s over that of --sync gradients with the same global batch, 95 %% intervals over %s"
                .formatted(study.metric().name(), Conclusion.seeds(study.seeds().size())),
            "steps between two averages",
            "excess",
            true,
            excesses.values().stream().map(IntervalLine::line).toList());
    List<Map<String, Object>> points = new ArrayList<>();
    excesses.forEach(
        (line, excess) -> {
          Map<String, Object> first =
              new TreeMap<>(Map.of("label", line.label(), "workers", line.workers()));
          points.addAll(excess.numbers(first, Flags.AVERAGING_FREQUENCY.name(), "excess"));
        });
    return Findings.of(
        study,
        excesses.keySet().stream()
            .filter(line -> PUBLISHED.containsKey(line.workers()))
            .map(line -> rule(study, line))
            .toList(),
        List.of(figure),
        Map.of("excesses", points));
  }

  private static IntervalLine excess(Study study, Line line) {
    return IntervalLine.of(
        line.name(),
        averaged(study, line)
            .trials()
            .map(AveragingFinding::frequency)
            .distinct()
            .sorted()
            .toList(),
        study.seeds().size(),
        at -> excess(study, line, at));
  }

  private static Study averaged(Study study, Line line) {
    return study.where(trial -> averages(trial) && Line.of(trial).equals(line));
  }

  private static ToDoubleFunction<Draw> excess(Study study, Line line, int frequency) {
    Study averaged = averaged(study, line).where(trial -> frequency(trial) == frequency);
    List<Integer> batches =
        averaged.trials().map(AveragingFinding::globalBatch).distinct().toList();
    Study exact =
        study.where(trial -> !averages(trial) && batches.equals(List.of(globalBatch(trial))));
    double[] averages = bySeed(averaged);
    double[] sums = bySeed(exact);
    double sign = study.metric().cost(1); // an excess is a loss, whatever the goal
    return draw ->
        sign * Math.signum(mean(sums, draw)) * (mean(averages, draw) / mean(sums, draw) - 1);
  }

  private static FindingRule rule(Study study, Line line) {
    Excess excess = PUBLISHED.get(line.workers());
    ToDoubleFunction<Draw> formula = excess(study, line, PUBLISHED_FREQUENCY);
    return new FindingRule(
        "excess of %s over exact data parallelism, %s, %s steps between averages"
            .formatted(study.metric().name(), line.name(), PUBLISHED_FREQUENCY),
        "none, DiLoCo of all weights " + excess.published(),
        Double.NEGATIVE_INFINITY,
        excess.most(),
        FindingRule.unless(
            Double.isFinite(formula.applyAsDouble(Draw.measured(study.seeds().size()))),
            "it takes trials of both kinds of --sync with one global batch"),
        formula);
  }

  /** The best metric of each seed; NaN without a trial. */
  private static double[] bySeed(Study study) {
    double[] values = new double[study.seeds().size()];
    Arrays.fill(values, Double.NaN);
    for (Study.Measured one : study.measured()) {
      int seed = study.seeds().indexOf(one.trial().seeds());
      double value = study.metric(one);
      if (Double.isNaN(values[seed])
          || study.metric().cost(value) < study.metric().cost(values[seed])) {
        values[seed] = value;
      }
    }
    return values;
  }

  private static double mean(double[] bySeed, Draw draw) {
    return Arrays.stream(draw.seeds())
        .mapToDouble(seed -> bySeed[seed])
        .average()
        .orElse(Double.NaN);
  }

  private static boolean averages(Trial trial) {
    return trial.settings().get(Flags.SYNC).equalsIgnoreCase("parameters");
  }

  private static int workers(Trial trial) {
    return trial.settings().find(Flags.NUM_WORKERS).orElse(1);
  }

  private static int frequency(Trial trial) {
    return trial.settings().get(Flags.AVERAGING_FREQUENCY);
  }

  /** Rows of an update of all workers together. */
  private static int globalBatch(Trial trial) {
    return trial.batch() * (averages(trial) ? workers(trial) : 1);
  }
}
