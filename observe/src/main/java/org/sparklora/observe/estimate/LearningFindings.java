package org.sparklora.observe.estimate;

import java.util.ArrayList;
import java.util.List;
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
                run.generation().filter(of -> of.teacherBytes() == 0).isPresent()
                    ? capacityForRewards(run, adapter)
                    : capacity(run, adapter))
        .ifPresent(findings::add);
    findings.add(AdvisedRate.of(run).finding(run.learningRate(), run.adapter().isPresent()));
    findings.add(batch(run));
    return findings;
  }

  /** Capacity for the tokens of a dataset, or of completions whose every token a teacher rates. */
  private static Finding capacity(PlannedRun run, AdapterLayout adapter) {
    Figures figures = figures("capacity", adapter);
    Optional<PlannedRun.Tokens> known = run.distinctTargetTokens();
    if (known.isEmpty()) {
      return figures
          .variant("unknown")
          .word("tokens_held", Capacity.bits(adapter.size()) / Capacity.BITS_PER_TOKEN)
          .finding(Severity.UNKNOWN, "unknown");
    }
    PlannedRun.Tokens tokens = known.get();
    long rank = Capacity.sufficientRank(tokens.count(), adapter.sizeOfRankOne());
    boolean fits = Capacity.bitsOfData(tokens.count()) <= Capacity.bits(adapter.size());
    return figures
        .variant(tokens.counted() ? "counted" : "bounded")
        .value("target_tokens", tokens.count())
        .value("target_tokens_are_an_upper_bound", !tokens.counted())
        .value("sufficient_rank", rank)
        .word("data_bits", Capacity.bitsOfData(tokens.count()))
        .finding(
            fits ? Severity.OK : tokens.counted() ? Severity.REGRET : Severity.NOTE,
            fits ? "fits" : "full");
  }

  /** Capacity for {@code grpo}: a policy gradient learns about a bit per episode (blog). */
  private static Finding capacityForRewards(PlannedRun run, AdapterLayout adapter) {
    Figures figures = figures("capacity_for_rewards", adapter);
    if (run.steps().isEmpty()) {
      return figures.variant("unknown").finding(Severity.OK, "unknown");
    }
    long completions = run.steps().getAsLong() * run.batch().rowsPerStep();
    boolean fits = completions <= Capacity.bits(adapter.size());
    return figures
        .word("completions", completions)
        .finding(fits ? Severity.OK : Severity.NOTE, fits ? "fits" : "full");
  }

  private static Figures figures(String rule, AdapterLayout adapter) {
    return new Figures(rule)
        .value("trainable_parameters", adapter.size())
        .value("capacity_bits", Capacity.bits(adapter.size()));
  }

  private static Finding batch(PlannedRun run) {
    int rows = run.batch().rowsPerStep();
    boolean large = run.adapter().isPresent() && rows >= LARGE_BATCH_ROWS;
    boolean measured = run.generation().isEmpty() && rows > LARGE_BATCH_ROWS;
    return new Figures("batch")
        .variant(rows == 1 ? "one" : "")
        .value("rows_per_step", rows)
        .word("unit", run.generation().isPresent() ? "completion" : "row")
        .finding(
            !large ? Severity.OK : measured ? Severity.REGRET : Severity.NOTE,
            batchAdvice(run, rows, large));
  }

  private static String batchAdvice(PlannedRun run, int rows, boolean large) {
    if (run.adapter().isEmpty()) {
      return "all_weights";
    }
    if (!large) {
      return "small";
    }
    if (run.generation().isPresent()) {
      return "of_rewards";
    }
    return rows == LARGE_BATCH_ROWS ? "guides" : "large";
  }
}
