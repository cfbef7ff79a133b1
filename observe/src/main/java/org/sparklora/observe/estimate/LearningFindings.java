package org.sparklora.observe.estimate;

import static org.sparklora.observe.estimate.Figures.count;
import static org.sparklora.observe.estimate.Figures.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.Finding.Severity;

/** The findings on learning: the adapter's capacity for the data, learning rate, batch size. */
final class LearningFindings {
  /** "Effective batch size < 32" (guide). */
  private static final int LARGE_BATCH_ROWS = 32;

  private LearningFindings() {}

  static List<Finding> of(PlannedRun run) {
    List<Finding> findings = new ArrayList<>();
    run.adapter()
        .map(
            adapter ->
                run.generation().isPresent()
                    ? capacityForRewards(run, adapter)
                    : capacity(run, adapter))
        .ifPresent(findings::add);
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
          Severity.UNKNOWN,
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
        fits ? Severity.OK : tokens.counted() ? Severity.REGRET : Severity.NOTE,
        fits
            ? "rank %s would suffice".formatted(rank)
            : "rank %s would suffice; an adapter that is full learns less than full fine-tuning"
                .formatted(rank));
  }

  /** Capacity for {@code grpo}: a policy gradient learns about a bit per episode (blog). */
  private static Finding capacityForRewards(PlannedRun run, AdapterLayout adapter) {
    double room = Capacity.bits(adapter.size());
    String holds = format("%,d parameters hold %s bits", adapter.size(), count(room));
    Map<String, Object> values =
        Map.of("trainable_parameters", adapter.size(), "capacity_bits", room);
    if (run.steps().isEmpty()) {
      return capacity(
          holds + "; the number of completions is unknown",
          values,
          Severity.OK,
          "rewards teach about a bit a completion: enough for %s of them".formatted(count(room)));
    }
    long completions = run.steps().getAsLong() * run.batch().rowsPerStep();
    boolean fits = completions <= room;
    return capacity(
        format("%s; %,d completions teach about a bit each", holds, completions),
        values,
        fits ? Severity.OK : Severity.NOTE,
        fits
            ? "there is room; the guide advises ranks of 1 to 32 for rewards"
            : "a higher lora_r has more room");
  }

  private static Finding capacity(
      String figure, Map<String, Object> values, Severity verdict, String advice) {
    return new Finding(
        "capacity",
        figure,
        values,
        verdict,
        advice,
        List.of(Source.BLOG, Source.ALLEN_ZHU, Source.GUIDE));
  }

  private static Finding learningRate(PlannedRun run) {
    AdvisedRate advised = AdvisedRate.of(run);
    double rate = run.learningRate();
    return new Finding(
        "learning rate",
        advised.figure(rate),
        advised.values(rate),
        advised.verdict(rate),
        advised.advice(rate, run.adapter().isPresent()),
        advised.fit().isPresent()
            ? List.of(Source.BLOG, Source.COOKBOOK, Source.GUIDE)
            : List.of(Source.GUIDE, Source.BLOG));
  }

  private static Finding batch(PlannedRun run) {
    int rows = run.batch().rowsPerStep();
    boolean large = run.adapter().isPresent() && rows >= LARGE_BATCH_ROWS;
    boolean measured = run.generation().isEmpty() && rows > LARGE_BATCH_ROWS;
    String unit = run.generation().isPresent() ? "completion" : "row";
    return new Finding(
        "effective batch",
        rows == 1 ? "1 %s a step".formatted(unit) : "%s %ss a step".formatted(rows, unit),
        Map.of("rows_per_step", rows),
        !large ? Severity.OK : measured ? Severity.REGRET : Severity.NOTE,
        batchAdvice(run, rows, large),
        List.of(Source.GUIDE, Source.BLOG));
  }

  private static String batchAdvice(PlannedRun run, int rows, boolean large) {
    if (run.adapter().isEmpty()) {
      return "full fine-tuning bears large batches better than adapters do";
    }
    if (!large) {
      return "below 32, as advised";
    }
    if (run.generation().isPresent()) {
      return "the advice of fewer than 32 comes from supervised runs; nothing was measured on rewards";
    }
    return rows == LARGE_BATCH_ROWS
        ? "the guide says below 32, but its command has 32; there the gap to full fine-tuning was small and closed with time"
        : "advised is below 32: adapters learn less from large batches, whatever their rank";
  }
}
