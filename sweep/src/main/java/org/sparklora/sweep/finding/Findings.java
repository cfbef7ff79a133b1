package org.sparklora.sweep.finding;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepFile;

/**
 * The results of a sweep.
 *
 * @param verdicts the most important first
 * @param figures the finding's main figure first
 * @param numbers further entries of {@code results.json}
 */
record Findings(List<Conclusion> verdicts, List<LineFigure> figures, Map<String, Object> numbers) {
  Findings {
    verdicts = List.copyOf(verdicts);
    figures = List.copyOf(figures);
    numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
  }

  static Findings of(SweepFile file, Study study) {
    return switch (file.finding()) {
      case LEARNING_RATE -> LearningRateFinding.of(study);
      case LAYERS -> LayersFinding.of(study);
      case RL_RANK -> RlRankFinding.of(study);
      case SHORT_RUNS -> ShortRunsFinding.of(study);
      case BATCH_SIZE -> BatchSizeFinding.of(study);
      case CAPACITY -> CapacityFinding.of(study);
      case AVERAGING -> AveragingFinding.of(study);
      case NONE -> withoutVerdicts(study);
    };
  }

  /** The results with the verdicts of some rules. */
  static Findings of(
      Study study, List<FindingRule> rules, List<LineFigure> figures, Map<String, Object> numbers) {
    int seeds = study.seeds().size();
    return new Findings(rules.stream().map(rule -> rule.verdict(seeds)).toList(), figures, numbers);
  }

  /** A sweep without a finding: a figure, unless the trials are evaluations. */
  private static Findings withoutVerdicts(Study study) {
    if (study.measured().stream().allMatch(one -> one.trial().isEvaluation())) {
      return new Findings(List.of(), List.of(), Map.of()); // the table of settings has all results
    }
    RateCurves rates = RateCurves.of(study);
    LineFigure figure =
        rates.haveSeveralRates()
            ? rates.figure("Trials by learning rate")
            : study.figureOverSteps("Trials", study.metric(), false);
    return new Findings(List.of(), List.of(figure), Map.of("optima", rates.optima()));
  }
}
