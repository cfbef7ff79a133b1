package org.sparklora.train.grpo;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.loss.AccumulationWindow;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.train.PolicyMicroBatch;

/**
 * One batch of generations, from which several micro-batches are cut.
 *
 * @param rows the completions in the order of training
 * @param scored the judged completions, those of a prompt side by side; empty if their table is
 *     gone
 * @param metrics of the completions, under TRL's names; NaN without a value
 * @param tokens of all prompts and completions that were drawn
 * @param draws number of batches of prompts drawn so far, over all rounds
 * @param uncompared the sampler's log-probabilities of the rows, if the guard has yet to compare
 *     them
 */
public record Round(
    List<PolicyRow> rows,
    List<ScoredGeneration> scored,
    Map<String, Double> metrics,
    long tokens,
    int draws,
    Optional<Sampled> uncompared) {

  /**
   * The sampler's log-probabilities of each row's tokens, and a guard that has compared nothing
   * yet: for the step that trains on the round.
   */
  public record Sampled(List<float[]> logProbs, LogProbGuard guard) {}

  /** A round that the guard need not compare. */
  public static Round trusted(List<PolicyRow> rows, List<ScoredGeneration> scored) {
    return new Round(rows, scored, Map.of(), 0, 0, Optional.empty());
  }

  public interface Source {
    /** Draws round {@code number}, from 0, with the policy after {@code policyVersion} steps. */
    Round draw(int number, int policyVersion);
  }

  /**
   * Micro-batch {@code number} of the {@code accumulation} of an optimizer step: a slice of the
   * round, cut into {@code slices} equal parts ({@code steps_per_generation}). Numbers are from 0.
   */
  public PolicyMicroBatch microBatch(
      int step, int number, int slice, int slices, int accumulation, GrpoLossConfig config) {
    int size = rows.size() / slices;
    long targets = rows.stream().mapToLong(PolicyRow::targetCount).sum();
    return new PolicyMicroBatch(
        step,
        number,
        List.copyOf(rows.subList(slice * size, (slice + 1) * size)),
        config,
        AccumulationWindow.of(accumulation, targets, slices));
  }

  /**
   * This round with the guard's metrics, after the guard compared it.
   *
   * @param learner the policy's log-probabilities of each completion that is not masked, as far as
   *     the first step of the round computes them
   * @throws LogProbGuard.PolicyMismatchException if the completions are not the policy's
   */
  public Round compared(List<float[]> learner) {
    if (uncompared.isEmpty()) {
      return this;
    }
    List<float[]> sampler =
        IntStream.range(0, rows.size())
            .filter(c -> !rows.get(c).masked())
            .limit(learner.size())
            .mapToObj(uncompared.get().logProbs()::get)
            .toList();
    Map<String, Double> more = new LinkedHashMap<>(metrics);
    more.putAll(uncompared.get().guard().compare(sampler, learner).require().metrics());
    return new Round(rows, scored, more, tokens, draws, Optional.empty());
  }
}
