package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.IntSummaryStatistics;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.RowOrder;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.GroupSelection;
import org.sparklora.train.grpo.LogProbGuard;
import org.sparklora.train.grpo.PromptOrder;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.grpo.RoundFile;
import org.sparklora.train.grpo.RoundTables;
import org.sparklora.train.grpo.RoundsAhead;
import org.sparklora.train.grpo.SamplerCorrection;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.workers.Workers;

/**
 * Draws rounds with the current policy, or one of some rounds ago: a slice of the prompts →
 * completions → rewards and advantages → rows to train on, if the guard lets them pass.
 *
 * <p>Not thread-safe.
 */
final class PolicyRounds implements Round.Source, AutoCloseable {
  /** A run ends after this many unjudged rounds in a row, which do not happen by chance. */
  static final int MOST_UNJUDGED_ROUNDS = 3;

  private final GrpoConfig config;
  private final Policy policy;
  private final List<Prompt> prompts;
  private final PromptOrder order;
  private final RoundTables tables;
  private final Optional<String> given;
  private final int groupSize;
  private final RoundsAhead<GroupSelection> ahead;
  private int draws; // of rounds that were trained on
  private int begunDraws; // of all; read and written by the thread that draws
  private int version;
  private int unjudgedRounds; // in a row, up to the latest round

  /** Draws all rounds, or takes the only one from a {@code given} table of advantages. */
  PolicyRounds(
      Policy policy,
      List<Prompt> prompts,
      PromptOrder order,
      RoundTables tables,
      Optional<String> given,
      TrainingRun run)
      throws IOException {
    this.config = policy.config();
    this.policy = policy;
    this.prompts = prompts;
    this.order = order;
    this.tables = tables;
    this.given = given;
    this.groupSize = config.rounds().sampling().numGenerations();
    this.draws = run.state().sums().draws();
    this.begunDraws = draws;
    SortedMap<Integer, GroupSelection> drawn = new TreeMap<>();
    int first = config.firstRoundFrom(run.plan(), run.firstStep());
    RoundFile.readAhead(tables.hadoop(), run.folder().resumed(), first)
        .forEach((number, completions) -> drawn.put(number, selection(completions)));
    drawn.values().forEach(round -> begunDraws += round.draws());
    int end = config.firstRoundFrom(run.plan(), run.plan().totalSteps()); // the first not needed
    this.ahead = new RoundsAhead<>(staleness(), end, this::drawing, drawn);
  }

  private int staleness() {
    return config.rounds().executors().ahead();
  }

  /** The rounds that were drawn ahead, for a checkpoint. */
  void write(Path local) {
    ahead.drawn().forEach((number, round) -> RoundFile.writeAhead(local, number, round.all()));
  }

  @Override
  public void close() {
    ahead.close();
  }

  @Override
  public Round draw(int number, int policyVersion) {
    version = policyVersion;
    if (given.isPresent()) {
      draws = number + 1;
      List<ScoredGeneration> scored = tables.given(given.get(), order.round(number), groupSize);
      return round(number, scored, Map.of(), scored);
    }
    GroupSelection selection = ahead.next(number);
    draws += selection.draws();
    List<ScoredGeneration> chosen =
        selection.isFiltered()
            ? policy.rewards().scoring().withAdvantages(selection.chosen(), groupSize)
            : selection.chosen();
    return round(number, chosen, selection.metrics(), selection.all());
  }

  private RoundsAhead.Drawing<GroupSelection> drawing(int number) {
    boolean isCopy = staleness() > 0;
    PolicyUpdates.Version drawer =
        isCopy
            ? policy.updates().copy(version, policy.rollouts().workers())
            : policy.updates().version(version);
    return new RoundsAhead.Drawing<>(
        () -> select(number, drawer), isCopy ? drawer.shared()::close : () -> {});
  }

  private GroupSelection select(int number, PolicyUpdates.Version drawer) {
    policy.rollouts().workers().during("round " + number);
    GroupSelection selection = selection(List.of());
    String parameters = drawer.vector().checksum();
    while (selection.wantsMore()) {
      RoundTables.Draw draw =
          new RoundTables.Draw(number, selection.draws(), begunDraws++, parameters);
      SamplingConfig sampling = GenerateStage.sampling(policy.rollouts().sampling(), draw.draw());
      List<Generation> drawn =
          tables.generations(
              draw, () -> policy.complete(order.of(prompts, draw.draw()), sampling, drawer));
      selection.add(tables.advantages(draw, () -> policy.rewards().run(drawn, groupSize)));
    }
    return selection;
  }

  /** A round's selection from the completions of some batches of prompts. */
  private GroupSelection selection(List<ScoredGeneration> completions) {
    GroupSelection selection =
        new GroupSelection(order.promptsPerRound(), groupSize, config.rounds().dynamicSampling());
    Workers.batches(completions, order.promptsPerRound() * groupSize).forEach(selection::add);
    return selection;
  }

  /** The third stage's input, of the completions to train on among {@code all} that were drawn. */
  private Round round(
      int number,
      List<ScoredGeneration> scored,
      Map<String, Double> more,
      List<ScoredGeneration> all) {
    List<Generation> generations = scored.stream().map(ScoredGeneration::generation).toList();
    int batch = config.batch().rows();
    boolean isOld = staleness() > 0 && generations.stream().anyMatch(drawn -> stepsOld(drawn) > 0);
    // an earlier policy's log-probabilities may differ; the infinite bound refuses NaN alone
    double bound = isOld ? Double.POSITIVE_INFINITY : config.rounds().maxLogProbDifference();
    LogProbGuard guard = new LogProbGuard(number, bound);
    boolean isOther = isOld || generations.stream().anyMatch(drawn -> !drawn.isOwn());
    Optional<SamplerCorrection> correction = config.correction().filter(one -> isOther);
    correction.ifPresent(one -> one.requireFits(config.loss().reduction().lossType()));
    boolean drifts = isOther && config.loss().ratio().masksOffPolicy();
    Optional<List<float[]>> learner =
        policy.isComparedInStep() && correction.isEmpty() && !drifts
            ? Optional.empty()
            : Optional.of(policy.logProbs(batch).run(policy.updates().parameters(), generations));
    boolean isOnPolicy = config.batch().isOnPolicy();
    List<PolicyRow> rows = new ArrayList<>();
    List<float[]> weights = new ArrayList<>(); // of completions that are trained on
    for (int c = 0; c < scored.size(); c++) {
      PolicyRow row = policy.row(scored.get(c));
      row = learner.isEmpty() || isOnPolicy ? row : row.withOld(learner.get().get(c));
      float[] sampler = generations.get(c).logProbs();
      if (learner.isPresent() && !row.masked()) {
        guard.compare(List.of(sampler), List.of(learner.get().get(c)));
      }
      row = drifts ? row.withDrift(SamplerCorrection.drift(learner.get().get(c), sampler)) : row;
      if (correction.isPresent()) {
        boolean isTaught = config.rewards().teacher().isPresent();
        row = correction.get().corrected(row, learner.get().get(c), sampler, isTaught);
        weights.addAll(row.masked() ? List.of() : List.of(row.ofTokens().weights()));
      }
      rows.add(row);
    }
    List<PolicyRow> trained = policy.withReference(shuffled(rows, number), batch);
    if (config.rewards().teacher().isEmpty()) {
      requireJudged(number, all);
    }
    Map<String, Double> metrics = new LinkedHashMap<>(RoundMetrics.of(all, config, groupSize));
    metrics.putAll(more);
    if (staleness() > 0) {
      IntSummaryStatistics steps =
          generations.stream().mapToInt(this::stepsOld).summaryStatistics();
      metrics.put("sample/staleness_mean", steps.getAverage());
      metrics.put("sample/staleness_max", (double) steps.getMax());
    }
    int masked = rows.size() - weights.size();
    correction.ifPresent(one -> metrics.putAll(one.metrics(weights, masked)));
    List<float[]> drawn = generations.stream().map(Generation::logProbs).toList();
    Optional<Round.Sampled> uncompared = Optional.empty();
    if (learner.isPresent()) {
      metrics.putAll(guard.require().metrics());
    } else {
      uncompared = Optional.of(new Round.Sampled(shuffled(drawn, number), guard));
    }
    return new Round(trained, scored, metrics, tokens(all), draws, uncompared);
  }

  private void requireJudged(int number, List<ScoredGeneration> all) {
    RoundMetrics.warnOfUnjudged(number, all);
    boolean judged = all.stream().anyMatch(one -> !Double.isNaN(one.reward()));
    unjudgedRounds = judged ? 0 : unjudgedRounds + 1;
    if (unjudgedRounds == MOST_UNJUDGED_ROUNDS) {
      throw new TableException(unjudged(number, all.get(0)));
    }
  }

  private int stepsOld(Generation drawn) {
    return version - drawn.origin().policyVersion();
  }

  private String unjudged(int number, ScoredGeneration first) {
    return "Cannot learn from %s: in rounds %s to %s not one completion could be judged (%s: %s); check its solutions and the columns that rewards read, name other --reward_funcs, or try --reward_dialect sound. The last checkpoint stays"
        .formatted(
            config.dataset(),
            number + 2 - MOST_UNJUDGED_ROUNDS,
            number + 1,
            String.join(", ", first.rewards().keySet()),
            first.judged().reason());
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
