package org.sparklora.spark.grpo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.train.RowOrder;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.GivenRound;
import org.sparklora.train.grpo.LogProbGuard;
import org.sparklora.train.grpo.PromptOrder;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.grpo.RoundTables;
import org.sparklora.train.grpo.SamplerCorrection;

/**
 * Draws rounds with the current policy: a slice of the prompts → completions → rewards and
 * advantages → rows to train on, if the guard lets them pass.
 *
 * <p>Not thread-safe.
 */
final class PolicyRounds implements Round.Source {
  /** A run ends after this many unjudged rounds in a row, which do not happen by chance. */
  static final int MOST_UNJUDGED_ROUNDS = 3;

  private final GrpoConfig config;
  private final Policy policy;
  private final List<Prompt> prompts;
  private final PromptOrder order;
  private final RoundTables tables;
  private final Optional<String> given;
  private final int groupSize;
  private int draws;
  private int unjudgedRounds; // in a row, up to the latest round

  /**
   * @param given a table of advantages of the only round to train on; empty draws all rounds
   * @param draws number of batches of prompts drawn before
   */
  PolicyRounds(
      Policy policy,
      List<Prompt> prompts,
      PromptOrder order,
      RoundTables tables,
      Optional<String> given,
      int draws) {
    this.config = policy.config();
    this.policy = policy;
    this.prompts = prompts;
    this.order = order;
    this.tables = tables;
    this.given = given;
    this.groupSize = config.rounds().sampling().numGenerations();
    this.draws = draws;
  }

  @Override
  public Round draw(int number, int policyVersion) {
    if (given.isPresent()) {
      return given(number, given.get());
    }
    policy.workers().during("round " + number);
    GroupSelection selection =
        new GroupSelection(order.promptsPerRound(), groupSize, config.rounds().dynamicSampling());
    RewardStage judge = policy.rewards();
    String parameters = policy.updates().checksum();
    while (selection.wantsMore()) {
      RoundTables.Draw draw = new RoundTables.Draw(number, selection.draws(), draws++, parameters);
      SamplingConfig sampling = GenerateStage.sampling(policy.rollouts().sampling(), draw.draw());
      List<Generation> drawn =
          tables.generations(
              draw, () -> policy.complete(order.of(prompts, draw.draw()), sampling, policyVersion));
      selection.add(tables.advantages(draw, () -> judge.run(drawn)));
    }
    List<ScoredGeneration> chosen =
        selection.isFiltered()
            ? judge.scoring().withAdvantages(selection.chosen(), groupSize)
            : selection.chosen();
    return round(number, chosen, selection.metrics(), selection.all());
  }

  /**
   * A round of completions that were already judged.
   *
   * @param table of the completions' advantages
   * @throws org.sparklora.pipeline.table.TableException if the table is of another round
   */
  private Round given(int number, String table) {
    draws = number + 1;
    List<ScoredGeneration> scored =
        GivenRound.inOrder(
            GenerationTable.readScored(tables.hadoop(), table),
            order.round(number),
            groupSize,
            table);
    return round(number, scored, Map.of(), scored);
  }

  /**
   * The third stage's input.
   *
   * @param scored completions to train on
   * @param all completions that were drawn for the round
   */
  private Round round(
      int number,
      List<ScoredGeneration> scored,
      Map<String, Double> more,
      List<ScoredGeneration> all) {
    List<Generation> generations = scored.stream().map(ScoredGeneration::generation).toList();
    int batch = config.batch().rows();
    LogProbGuard guard = new LogProbGuard(number, config.rounds().maxLogProbDifference());
    Optional<SamplerCorrection> correction =
        config.correction().filter(one -> generations.stream().anyMatch(drawn -> !drawn.isOwn()));
    Optional<List<float[]>> learner =
        policy.isComparedInStep() && correction.isEmpty()
            ? Optional.empty()
            : Optional.of(policy.logProbs(batch).run(policy.updates().parameters(), generations));
    List<PolicyRow> rows = new ArrayList<>();
    List<float[]> weights = new ArrayList<>(); // of completions that are trained on
    for (int c = 0; c < scored.size(); c++) {
      PolicyRow row = row(scored.get(c), config.batch().maskTruncated());
      row = learner.isEmpty() || policy.isOnPolicy() ? row : row.withOld(learner.get().get(c));
      if (correction.isPresent()) {
        float[] sampler = generations.get(c).logProbs();
        row = row.withWeights(correction.get().weights(learner.get().get(c), sampler));
        weights.addAll(row.masked() ? List.of() : List.of(row.ofTokens().weights()));
      }
      rows.add(row);
    }
    List<PolicyRow> trained = policy.withReference(shuffled(rows, number), batch);
    RoundMetrics.warnOfUnjudged(number, all);
    boolean judged = all.stream().anyMatch(one -> !Double.isNaN(one.reward()));
    unjudgedRounds = judged ? 0 : unjudgedRounds + 1;
    if (unjudgedRounds == MOST_UNJUDGED_ROUNDS) {
      throw new TableException(unjudged(number, all.get(0)));
    }
    Map<String, Double> metrics = new LinkedHashMap<>(RoundMetrics.of(all, config, groupSize));
    metrics.putAll(more);
    correction.ifPresent(one -> metrics.putAll(one.metrics(weights)));
    List<float[]> sampler = generations.stream().map(Generation::logProbs).toList();
    Optional<Round.Sampled> uncompared = Optional.empty();
    if (learner.isPresent()) {
      metrics.putAll(guard.compare(sampler, learner.get()).require().metrics());
    } else {
      uncompared = Optional.of(new Round.Sampled(shuffled(sampler, number), guard));
    }
    return new Round(trained, scored, metrics, tokens(all), draws, uncompared);
  }

  private String unjudged(int number, ScoredGeneration first) {
    return "Cannot learn from %s: in rounds %s to %s not one completion could be judged (%s: %s); check its solutions and the columns that rewards read, name other --reward_funcs, or try --reward_dialect sound. The last checkpoint stays"
        .formatted(
            config.prompts().table().source().dataset(),
            number + 2 - MOST_UNJUDGED_ROUNDS,
            number + 1,
            String.join(", ", first.rewards().keySet()),
            first.judged().reason());
  }

  /** The loss's input of a completion, on-policy and without a reference. */
  static PolicyRow row(ScoredGeneration scored, boolean masksTruncated) {
    Generation generation = scored.generation();
    return PolicyRow.of(
        generation.prompt().tokens(),
        generation.tokens(),
        (float) scored.advantage(),
        masksTruncated && generation.isTruncated());
  }

  /** Rows in random order, as in TRL, which spreads groups over the micro-batches. */
  private <T> List<T> shuffled(List<T> rows, int number) {
    int[] order = RowOrder.RANDOM.rows(rows.size(), config.course().seed(), number);
    return Arrays.stream(order).mapToObj(rows::get).toList();
  }

  private static long tokens(List<ScoredGeneration> rows) {
    return rows.stream()
        .map(ScoredGeneration::generation)
        .mapToLong(one -> one.prompt().tokens().length + one.tokens().length)
        .sum();
  }
}
