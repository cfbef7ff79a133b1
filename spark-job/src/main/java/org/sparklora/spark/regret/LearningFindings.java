package org.sparklora.spark.regret;

import static org.sparklora.spark.regret.Figures.count;
import static org.sparklora.spark.regret.Figures.format;
import static org.sparklora.spark.regret.Figures.rate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.spark.regret.Finding.Verdict;

/** How well the run can learn: room for the data, learning rate, batch. */
final class LearningFindings {
  /** Best rates of single models lie up to about this factor from the fit (cookbook's sweeps). */
  private static final double RATE_TOLERANCE = 3;

  /** "Effective batch size < 32" (guide). */
  private static final int LARGE_BATCH_ROWS = 32;

  private LearningFindings() {}

  static List<Finding> of(PlannedRun run) {
    List<Finding> findings = new ArrayList<>();
    run.adapter().ifPresent(adapter -> findings.add(capacity(run, adapter)));
    findings.add(learningRate(run));
    findings.add(batch(run));
    return findings;
  }

  private static Finding capacity(PlannedRun run, AdapterLayout adapter) {
    double room = Capacity.bits(adapter.size());
    String holds = format("%,d parameters hold %s bits", adapter.size(), count(room));
    Optional<PlannedRun.Tokens> known = run.distinctTargetTokens();
    if (known.isEmpty()) {
      return capacity(
          holds + "; target tokens unknown",
          Map.of("trainable_parameters", adapter.size(), "capacity_bits", room),
          Verdict.UNKNOWN,
          "enough for %s target tokens; run prep first or give --max_steps to know the data's"
              .formatted(count(room / Capacity.BITS_PER_TOKEN)));
    }
    PlannedRun.Tokens tokens = known.get();
    long rank = Capacity.sufficientRank(tokens.count(), adapter.size() / adapter.config().rank());
    boolean fits = rank <= adapter.config().rank();
    return capacity(
        format(
            "%s; %s%,d target tokens say about %s",
            holds,
            tokens.counted() ? "" : "at most ",
            tokens.count(),
            count(Capacity.bitsOfData(tokens.count()))),
        Map.of(
            "trainable_parameters",
            adapter.size(),
            "capacity_bits",
            room,
            "target_tokens",
            tokens.count(),
            "target_tokens_are_an_upper_bound",
            !tokens.counted(),
            "sufficient_rank",
            rank),
        fits ? Verdict.OK : tokens.counted() ? Verdict.REGRET : Verdict.NOTE,
        fits
            ? "rank %d would suffice".formatted(rank)
            : "rank %d would suffice; an adapter that is full learns less than full fine-tuning"
                .formatted(rank));
  }

  private static Finding capacity(
      String figure, Map<String, Object> values, Verdict verdict, String advice) {
    return new Finding(
        "capacity",
        figure,
        values,
        verdict,
        advice,
        List.of(Source.BLOG, Source.ALLEN_ZHU, Source.GUIDE));
  }

  private static Finding learningRate(PlannedRun run) {
    boolean shortRun =
        run.steps().isPresent() && run.steps().getAsLong() < LearningRate.SHORT_RUN_STEPS;
    LearningRate fit =
        run.adapter().isPresent()
            ? LearningRate.ofAdapter(run.model(), shortRun)
            : LearningRate.ofAllWeights(run.model());
    double ratio = run.learningRate() / fit.advised();
    boolean close = ratio <= RATE_TOLERANCE && ratio >= 1 / RATE_TOLERANCE;
    return new Finding(
        "learning rate",
        "%s; the fit says %s"
            .formatted(
                rate(run.learningRate()),
                rate(fit.advised())
                    + (shortRun && run.adapter().isPresent() ? " for under 100 steps" : "")
                    + (fit.extrapolated() ? ", extrapolated" : "")),
        Map.of(
            "learning_rate",
            run.learningRate(),
            "advised_learning_rate",
            fit.advised(),
            "ratio",
            ratio,
            "extrapolated",
            fit.extrapolated()),
        close ? Verdict.OK : fit.extrapolated() ? Verdict.NOTE : Verdict.REGRET,
        rateAdvice(run, ratio),
        List.of(Source.BLOG, Source.COOKBOOK));
  }

  private static String rateAdvice(PlannedRun run, double ratio) {
    double fullRate = LearningRate.ofAllWeights(run.model()).advised();
    double times = run.learningRate() / fullRate;
    if (ratio > RATE_TOLERANCE) {
      return run.adapter().isPresent()
          ? format("%.1f times the advised: the loss may diverge", ratio)
          : format("%.1f times the advised; full fine-tuning takes a tenth of an adapter's", ratio);
    }
    if (ratio * RATE_TOLERANCE >= 1) {
      return format("%.2f of the advised, within the spread of single models", ratio);
    }
    boolean ratesMixedUp =
        run.adapter().isPresent() && times <= RATE_TOLERANCE && times * RATE_TOLERANCE >= 1;
    return ratesMixedUp
        ? "this is a rate for full fine-tuning; an adapter takes ten times it"
        : format("%.3f of the advised: the run will learn little", ratio);
  }

  private static Finding batch(PlannedRun run) {
    int rows = run.batch().rowsPerStep();
    boolean adapter = run.adapter().isPresent();
    Verdict verdict =
        !adapter || rows < LARGE_BATCH_ROWS
            ? Verdict.OK
            : rows == LARGE_BATCH_ROWS ? Verdict.NOTE : Verdict.REGRET;
    String advice =
        !adapter
            ? "full fine-tuning bears large batches better than adapters do"
            : switch (verdict) {
              case OK -> "below 32, as advised";
              case NOTE ->
                  "advised is below 32; at 32 the gap to full fine-tuning was small and closed with time";
              default ->
                  "advised is below 32: adapters learn less from large batches, whatever their rank";
            };
    return new Finding(
        "effective batch",
        rows == 1 ? "1 row a step" : rows + " rows a step",
        Map.of("rows_per_step", rows),
        verdict,
        advice,
        List.of(Source.GUIDE, Source.BLOG));
  }
}
