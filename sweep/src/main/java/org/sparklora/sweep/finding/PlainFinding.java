package org.sparklora.sweep.finding;

import java.util.List;
import java.util.Map;

/** The results of a sweep without a finding: figures, but no verdicts. */
final class PlainFinding {
  private PlainFinding() {}

  static Findings of(Study study) {
    if (study.measured().stream().allMatch(one -> one.trial().isEvaluation())) {
      return new Findings(List.of(), List.of(), Map.of()); // the table of settings has all results
    }
    RateCurves rates = RateCurves.of(study);
    boolean swept = rates.curves().stream().anyMatch(curve -> curve.grid().length > 1);
    return new Findings(
        List.of(),
        List.of(
            swept
                ? rates.figure("Trials by learning rate")
                : StepCurves.figure(
                    "Trials",
                    study.metric(),
                    StepCurves.of(study, study.metric()),
                    study.seeds().size(),
                    false)),
        Map.of("optima", rates.optima()));
  }
}
