package org.sparklora.observe.estimate;

import static org.sparklora.observe.estimate.Figures.format;
import static org.sparklora.observe.estimate.Figures.rate;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
    LearningRate fit =
        adapter
            ? LearningRate.ofAdapter(run.model(), shortRun)
            : LearningRate.ofAllWeights(run.model());
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

  Severity verdict(double rate) {
    if (rate >= lowest() / TOLERANCE && rate <= highest() * TOLERANCE) {
      return Severity.OK;
    }
    return fitHolds() ? Severity.REGRET : Severity.NOTE;
  }

  /** The run's rate and the advised rates, as text. */
  String figure(double rate) {
    String guide =
        guideLowest == guideHighest
            ? rate(guideHighest)
            : "%s to %s".formatted(rate(guideLowest), rate(guideHighest));
    if (fit.isEmpty()) {
      return "%s; the guide says %s".formatted(rate(rate), guide);
    }
    String fitted = rate(fit.get().advised()) + (shortRun ? " for under 100 steps" : "");
    return fitHolds()
        ? "%s; the fit says %s, the guide %s".formatted(rate(rate), fitted, guide)
        : "%s; the guide says %s (the fit: %s, extrapolated)".formatted(rate(rate), guide, fitted);
  }

  /**
   * @param adapter whether the run trains an adapter
   */
  String advice(double rate, boolean adapter) {
    if (rate > highest() * TOLERANCE) {
      return !adapter && rate / LORA_FACTOR <= highest() * TOLERANCE
          ? "this is a rate for an adapter; full fine-tuning takes a tenth of it"
          : "%s times the advised: the loss may diverge".formatted(times(rate / highest()));
    }
    if (rate < lowest() / TOLERANCE) {
      return adapter && rate * LORA_FACTOR >= lowest() / TOLERANCE
          ? "this is a rate for full fine-tuning; an adapter takes ten times it"
          : "%s times below the advised: the run will learn little"
              .formatted(times(lowest() / rate));
    }
    boolean nearGuide = rate >= guideLowest / TOLERANCE && rate <= guideHighest * TOLERANCE;
    if (fitHolds()) {
      return format(
          "%.2f of the fit's and %.2f of the guide's, within the spread of single models",
          rate / first(), rate / guideHighest);
    }
    String reach = fit.isPresent() ? "; the fit was not measured on such models" : "";
    return nearGuide
        ? "as the guide advises" + reach
        : "%s times the guide's, as the fit has it, which was not measured on such models"
            .formatted(times(rate / guideHighest));
  }

  private static String times(double ratio) {
    return format(ratio < 10 ? "%.1f" : "%,.0f", ratio);
  }

  /** The numbers of the figure. */
  Map<String, Object> values(double rate) {
    Map<String, Object> values = new TreeMap<>();
    values.put("learning_rate", rate);
    values.put("advised_learning_rate", first());
    values.put("ratio", rate / first());
    values.put("guide_learning_rate", guideHighest);
    fit.ifPresent(
        said -> {
          values.put("fit_learning_rate", said.advised());
          values.put("extrapolated", said.extrapolated());
        });
    return values;
  }
}
