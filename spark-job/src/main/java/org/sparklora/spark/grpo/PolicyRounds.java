package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.PolicyBatch;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.dl4j.PolicyUpdates;
import org.sparklora.spark.generate.GenerateStage;
import org.sparklora.spark.generate.PromptOrder;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.workers.SharedVector;
import org.sparklora.spark.workers.Workers;

/**
 * Draws rounds with the policy as it is: a slice of the prompts → completions → rewards and
 * advantages → what the policy is trained on, if the guard lets it pass.
 *
 * <p>Not thread-safe.
 */
final class PolicyRounds implements Round.Source {

  private final GrpoConfig config;
  private final List<Prompt> prompts;
  private final PromptOrder order;
  private final Policy policy;
  private final RoundTables tables;
  private int draws;

  /**
   * The policy, and those who compute it.
   *
   * @param updates knows its parameters as they are at each call
   * @param reference those of the reference policy, where the loss needs one
   * @param sampling with the tokens that end a completion
   * @param needsOldLogProbs whether the loss is given the learner's log-probabilities as they are
   *     when a round is drawn
   * @param isComparedInStep whether the step that learns from a round computes what the guard
   *     compares, namely with the very policy and without dropout: a forward pass less
   */
  record Policy(
      Workers workers,
      TrainedModel model,
      PolicyUpdates updates,
      Optional<SharedVector> reference,
      SamplingConfig sampling,
      boolean needsOldLogProbs,
      boolean isComparedInStep) {}

  /**
   * @param draws batches of prompts that were drawn from before
   */
  PolicyRounds(
      GrpoConfig config,
      List<Prompt> prompts,
      PromptOrder order,
      Policy policy,
      RoundTables tables,
      int draws) {
    this.config = config;
    this.prompts = prompts;
    this.order = order;
    this.policy = policy;
    this.tables = tables;
    this.draws = draws;
  }

  @Override
  public Round draw(int number) {
    policy.workers().during("round " + number);
    GroupSelection selection =
        new GroupSelection(
            order.promptsPerRound(), config.sampling().numGenerations(), config.dynamicSampling());
    String parameters = policy.updates().checksum();
    while (selection.wantsMore()) {
      selection.add(scored(new RoundTables.Draw(number, selection.draws(), draws++, parameters)));
    }
    List<ScoredGeneration> chosen =
        selection.isFiltered() ? rewards().withAdvantages(selection.chosen()) : selection.chosen();
    return round(number, chosen, selection.metrics(), selection.all());
  }

  /** The first two stages. */
  private List<ScoredGeneration> scored(RoundTables.Draw draw) {
    List<Generation> generations =
        tables.generations(
            draw,
            () ->
                new GenerateStage(
                        policy.workers(),
                        policy.model(),
                        policy.updates().parameters(),
                        GenerateStage.sampling(policy.sampling(), draw.draw()))
                    .run(order.of(prompts, draw.draw())));
    return tables.advantages(draw, () -> rewards().run(generations));
  }

  private RewardStage rewards() {
    return new RewardStage(
        policy.workers(),
        config.rewards(),
        config.advantages(),
        config.sampling().numGenerations());
  }

  /**
   * A round of completions that were judged already.
   *
   * @param scored in the order of the round's prompts
   */
  Round given(int number, List<ScoredGeneration> scored) {
    draws = number + 1;
    return round(number, scored, Map.of(), scored);
  }

  /**
   * The third stage's input.
   *
   * @param scored completions to be trained on
   * @param all that were drawn for it
   */
  private Round round(
      int number,
      List<ScoredGeneration> scored,
      Map<String, Double> more,
      List<ScoredGeneration> all) {
    List<Generation> generations = scored.stream().map(ScoredGeneration::generation).toList();
    LogProbStage logProbs =
        new LogProbStage(
            policy.workers(), policy.model(), config.loss().temperature(), config.batch().rows());
    LogProbGuard guard = new LogProbGuard(number, config.maxLogProbDifference());
    Optional<List<float[]>> learner =
        policy.isComparedInStep()
            ? Optional.empty()
            : Optional.of(logProbs.run(policy.updates().parameters(), generations));
    List<PolicyBatch.Row> rows = new ArrayList<>();
    for (int c = 0; c < scored.size(); c++) {
      int completion = c;
      rows.add(
          row(
              scored.get(c),
              config.batch().maskTruncated(),
              learner.filter(of -> policy.needsOldLogProbs()).map(of -> of.get(completion))));
    }
    List<PolicyBatch.Row> spread = shuffled(rows, number);
    List<PolicyBatch.Row> trained =
        policy.reference().map(vector -> logProbs.withReference(vector, spread)).orElse(spread);
    RoundMetrics.warnOfUnjudged(number, all);
    Map<String, Double> metrics =
        new LinkedHashMap<>(RoundMetrics.of(all, config, config.sampling().numGenerations()));
    metrics.putAll(more);
    List<float[]> sampler = generations.stream().map(Generation::logProbs).toList();
    Optional<Round.Sampled> uncompared = Optional.empty();
    if (learner.isPresent()) {
      metrics.putAll(guard.compare(sampler, learner.get()).require().metrics());
    } else {
      uncompared = Optional.of(new Round.Sampled(shuffled(sampler, number), guard));
    }
    return new Round(trained, scored, metrics, tokens(all), draws, uncompared);
  }

  /** What the loss sees of a completion, without a reference policy. */
  static PolicyBatch.Row row(
      ScoredGeneration scored, boolean masksTruncated, Optional<float[]> old) {
    Generation generation = scored.generation();
    return new PolicyBatch.Row(
        generation.prompt().tokens(),
        generation.tokens(),
        (float) scored.advantage(),
        masksTruncated && generation.isTruncated(),
        old,
        Optional.empty());
  }

  /** TRL spreads groups over the micro-batches. */
  private <T> List<T> shuffled(List<T> rows, int number) {
    int[] order = RowOrder.RANDOM.rows(rows.size(), config.batch().seed(), number);
    return Arrays.stream(order).mapToObj(rows::get).toList();
  }

  private static long tokens(List<ScoredGeneration> rows) {
    return rows.stream()
        .map(ScoredGeneration::generation)
        .mapToLong(one -> one.prompt().tokens().length + one.tokens().length)
        .sum();
  }
}
