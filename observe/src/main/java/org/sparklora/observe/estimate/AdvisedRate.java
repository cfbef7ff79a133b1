package org.sparklora.observe.estimate;

import java.util.Optional;
import org.sparklora.observe.estimate.Finding.Severity;

/**
 * The learning rates that the sources advise for a run. The guide has a rate for each kind of run;
 * the blog's fit depends on the model and is for supervised runs only. If the fit was measured on
 * such models, any rate near or between the two is as advised; else the guide's rate is the advice,
 * and the fit's is reported as extrapolated.
 *
 * @param guideLowest the guide's lowest rate for such a run
 * @param guideHighest the guide's highest rate; {@code guideLowest} if the guide has only one
 * @param fit the blog's fit; empty for {@code grpo}, since it was measured on supervised runs
 * @param shortRun whether the fit is for an adapter's run under 100 steps
 */
record AdvisedRate(
    double guideLowest, double guideHighest, Optional<LearningRate> fit, boolean shortRun) {
  /**
   * Best rates of single models differ from the fit by up to about this factor (cookbook's sweeps).
   */
  private static final double TOLERANCE = 3;

  /** Full fine-tuning takes an adapter's rate divided by this (blog, guide 3). */
  private static final double LORA_FACTOR = 10;

  /** The guide's Python example of SFT. */
  private static final double GUIDE_SFT = 2e-4;

  /** The guide's table of GRPO parameters, and its Python example. */
  private static final double GUIDE_GRPO_TABLE = 1e-5;

  private static final double GUIDE_GRPO_EXAMPLE = 5e-5;

  static AdvisedRate of(PlannedRun run) {
    boolean adapter = run.adapter().isPresent();
    double factor = adapter ? 1 : LORA_FACTOR;
    if (run.generation().isPresent()) {
      return new AdvisedRate(
          GUIDE_GRPO_TABLE / factor, GUIDE_GRPO_EXAMPLE / factor, Optional.empty(), false);
    }
    boolean shortRun =
        adapter
            && run.steps().isPresent()
            && run.steps().getAsLong() < LearningRate.SHORT_RUN_STEPS;
    LearningRate fit = LearningRate.of(run.model(), adapter, shortRun);
    return new AdvisedRate(GUIDE_SFT / factor, GUIDE_SFT / factor, Optional.of(fit), shortRun);
  }

  /** Whether the blog measured models like this one in runs like this one. */
  private boolean fitHolds() {
    return fit.isPresent() && !fit.get().extrapolated();
  }

  private double lowest() {
    return Math.min(guideLowest, fit.map(LearningRate::advised).orElse(guideLowest));
  }

  private double highest() {
    return Math.max(guideHighest, fit.map(LearningRate::advised).orElse(guideHighest));
  }

  /** The rate to try first: the fit's if it was measured on such models, else the guide's. */
  private double first() {
    return fitHolds() ? fit.orElseThrow().advised() : guideHighest;
  }

  /** Compares the rate of a run, which may train an adapter, with the advised ones. */
  Finding finding(double rate, boolean adapter) {
    Figures figures =
        new Figures("rate")
            .variant(fit.isEmpty() ? "guide" : fitHolds() ? "fit" : "extrapolated")
            .value("learning_rate", rate)
            .value("advised_learning_rate", first())
            .value("ratio", rate / first())
            .value("guide_learning_rate", guideHighest)
            .word("lowest_guide_rate", guideLowest)
            .word("ratio_to_guide", rate / guideHighest)
            .word("above", rate / highest())
            .word("below", lowest() / rate);
    fit.ifPresent(
        said ->
            figures
                .value("fit_learning_rate", said.advised())
                .value("extrapolated", said.extrapolated())
                .word("short", shortRun ? figures.words("short") : ""));
    return figures.finding(verdict(rate), advice(rate, adapter));
  }

  private Severity verdict(double rate) {
    if (rate >= lowest() / TOLERANCE && rate <= highest() * TOLERANCE) {
      return Severity.OK;
    }
    return fitHolds() ? Severity.REGRET : Severity.NOTE;
  }

  private String advice(double rate, boolean adapter) {
    if (rate > highest() * TOLERANCE) {
      boolean ofAdapters = !adapter && rate / LORA_FACTOR <= highest() * TOLERANCE;
      return ofAdapters ? "of_adapters" : "high";
    }
    if (rate < lowest() / TOLERANCE) {
      boolean ofAllWeights = adapter && rate * LORA_FACTOR >= lowest() / TOLERANCE;
      return ofAllWeights ? "of_all_weights" : "low";
    }
    if (fitHolds()) {
      return "near";
    }
    boolean nearGuide = rate >= guideLowest / TOLERANCE && rate <= guideHighest * TOLERANCE;
    return !nearGuide ? "as_fit" : fit.isPresent() ? "as_guide_beside_fit" : "as_guide";
  }
}
