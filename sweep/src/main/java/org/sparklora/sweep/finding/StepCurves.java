package org.sparklora.sweep.finding;

import java.util.List;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepMetric;
import org.sparklora.sweep.TrialOutcome;

/**
 * The metric over the optimizer steps, for each kind of trial: at each step the best over the
 * learning rates, as in the blog's figures.
 */
final class StepCurves {
  private StepCurves() {}

  /**
   * One curve for each group of trials that differ only in rate and seed, without diverged ones.
   *
   * @param metric a metric of the log, not necessarily the sweep's
   */
  static List<SeedCurve> of(Study study, SweepMetric metric) {
    return study.curves(
        one ->
            one.outcome().log().stream()
                .filter(row -> one.outcome().state() != TrialOutcome.State.DIVERGED)
                .filter(row -> row.containsKey(metric.name()))
                .filter(row -> row.getOrDefault(TrialOutcome.STEP, 0.0) > 0)
                .map(row -> new double[] {row.get(TrialOutcome.STEP), row.get(metric.name())}),
        (before, value) ->
            Double.isNaN(before) || metric.cost(value) < metric.cost(before) ? value : before);
  }

  /** The figure: means over seeds with their range. */
  static LineFigure figure(String title, Study study, SweepMetric metric, boolean logarithmic) {
    int seeds = study.seeds().size();
    return new LineFigure(
        title,
        "at each step the best over the learning rates; means over %s with their range"
            .formatted(Conclusion.seeds(seeds)),
        "optimizer steps",
        metric.name(),
        logarithmic,
        of(study, metric).stream().map(curve -> curve.line(seeds, new double[0])).toList());
  }
}
