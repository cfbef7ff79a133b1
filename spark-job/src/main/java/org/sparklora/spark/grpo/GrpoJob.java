package org.sparklora.spark.grpo;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.spark.dl4j.TrainedNetwork;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.grpo.GrpoLoop;
import org.sparklora.train.grpo.LogProbGuard;
import org.sparklora.train.grpo.PromptOrder;
import org.sparklora.train.grpo.Round;
import org.sparklora.train.grpo.RoundFile;
import org.sparklora.train.grpo.RoundSteps;
import org.sparklora.train.grpo.RoundTables;
import org.sparklora.train.resume.RunFingerprint;
import org.sparklora.train.workers.Workers;

/**
 * {@code grpo}: each round draws completions of prompts, judges them and trains an adapter (or all
 * weights) on the rewards. The output folder holds each round's tables and checkpoints, from which
 * a stopped run resumes.
 */
public final class GrpoJob {
  private GrpoJob() {}

  /**
   * Trains.
   *
   * @param advantages a table of one round, the only one then trained on; empty draws all rounds
   * @param judge gives the rewards that are not built in
   * @param stop last step of a round, after which the run saves a checkpoint and stops, or {@link
   *     TrainingRun#TO_THE_END}
   * @throws org.sparklora.pipeline.config.ConfigException if a setting, the output folder or the
   *     checkpoint to resume from cannot be used
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged, the disk full,
   *     or round after round no completion can be judged; the last checkpoint stays
   * @throws org.sparklora.train.NonFiniteLossException if the model diverges
   * @throws LogProbGuard.PolicyMismatchException if completions are not the policy's; in both cases
   *     no results are written
   */
  public static TrainingRun.Result run(
      TrainingEnvironment place,
      GrpoConfig config,
      Optional<String> advantages,
      Optional<ExternalRewardsJob> judge,
      RunListener listener,
      int stop)
      throws IOException {
    Configuration hadoop = place.hadoop();
    place.group("grpo " + config.output().folder());
    PromptsConfig table = config.table();
    Optional<ExternalRewardsJob> external = external(config, judge);
    config.evaluation().table().ifPresent(test -> place.requireTestSplit(test, table));
    InitialParameters initial = InitialParameters.of(hadoop, config);
    place.requireDataset(table);
    advantages.ifPresent(given -> GenerationTable.requireScored(hadoop, given));
    SamplingConfig sampling = GenerateJob.untilTheEnd(config.rounds().sampling(), initial.model());
    int count = place.count(config.rounds().executors().count());
    boolean matters = config.batch().localSteps() > 1; // in local mode, too
    Workers workers = ExecutorWorkers.saysWhereIdle(place.workers(count), matters ? 1 : count);
    Workers learners = config.rounds().executors().learners(workers);
    RoundSteps batch = config.batch().by(config.rounds().executors().trainers(learners));
    workers.requireRoomForResults(
        batch.resultFloats(initial.model().layout().size()) * Float.BYTES);
    try (Teacher teacher = Teacher.open(hadoop, config, initial.model(), workers);
        RunFolder folder = TrainingRun.open(hadoop, config)) {
      // only now, with the folder claimed: prompts of another run may lie beside it
      List<Prompt> prompts = place.prompts(table);
      List<Prompt> testPrompts = config.evaluation().table().map(place::prompts).orElse(List.of());
      require(config, initial.model(), prompts, external);
      if (!testPrompts.isEmpty()) {
        require(config, initial.model(), testPrompts, external);
      }
      PromptOrder order = config.promptOrder(prompts.size());
      TrainingPlan plan = config.plan(order);
      RunFingerprint identity = GrpoIdentity.of(config, initial, teacher, sampling, prompts);
      try (Rollouts rollouts =
              advantages.isPresent() // then nothing is drawn
                  ? new Rollouts(sampling, Optional.empty(), workers)
                  : Rollouts.open(
                      config.rounds(),
                      initial.model(),
                      sampling,
                      Stream.of(prompts, testPrompts).flatMap(List::stream).toList(),
                      workers);
          TrainingRun run =
              TrainingRun.begin(
                  place,
                  folder,
                  config,
                  initial,
                  plan,
                  count,
                  GrpoIdentity.ofCheckpoints(identity, batch),
                  first ->
                      advantages.isPresent()
                          ? config.endOfRound(plan, first)
                          : Math.min(plan.totalSteps(), stop),
                  listener);
          Policy policy =
              Policy.of(
                  config,
                  run.vectors(),
                  Policy.Reference.of(config, initial, teacher, learners),
                  learners,
                  rollouts,
                  external)) {
        if (config.batch().outer().isPresent()) {
          run.readResumed(policy.updates()::read);
        }
        rollouts.requirePolicy(policy, prompts.get(0), run.firstStep());
        RoundTables tables =
            new RoundTables(
                hadoop, folder.rounds(), identity.fixed().toString(), config.rounds().kept());
        Optional<Round> unfinished =
            RoundFile.read(
                    hadoop,
                    folder.resumed(),
                    () -> tables.shown(config.roundOf(plan, run.firstStep())))
                .map(policy::withReference);
        GrpoEvaluation evaluation = new GrpoEvaluation(policy, testPrompts);
        try (PolicyRounds rounds =
            new PolicyRounds(policy, prompts, order, tables, advantages, run)) {
          GrpoListener between =
              new GrpoListener(run, policy, evaluation, unfinished, rounds::write);
          run.train(
              evaluation,
              () ->
                  new GrpoLoop(plan, batch, config.loss(), rounds, policy.updates(), between)
                      .run(run.firstStep(), run.endStep(), unfinished));
          return run.finish(local -> {}, between::writeRounds);
        }
      }
    }
  }

  /**
   * Evaluates the parameters that a run would start from, on the split to evaluate on; writes only
   * the table of its prompts, and adapters for servers beside those of a run in the output folder.
   *
   * @param config settings with evaluation on
   * @throws org.sparklora.pipeline.config.ConfigException for settings that cannot be used
   */
  public static EvalMetrics evaluate(
      TrainingEnvironment place, GrpoConfig config, Optional<ExternalRewardsJob> judge)
      throws IOException {
    config.evalSchedule().requireOn();
    InitialParameters initial = InitialParameters.of(place.hadoop(), config);
    SamplingConfig sampling = GenerateJob.untilTheEnd(config.rounds().sampling(), initial.model());
    GrpoConfig.Rounds rounds =
        config.rounds().withAdaptersIn(GenerateConfig.ownAdapters(config.output().folder()));
    Workers workers = place.sharing(rounds.executors().count());
    List<Prompt> prompts = place.prompts(config.evaluation().table().orElseThrow());
    Optional<ExternalRewardsJob> external = external(config, judge);
    require(config, initial.model(), prompts, external);
    ExecutorModel.hold(initial.model());
    try (Teacher teacher = Teacher.open(place.hadoop(), config, initial.model(), workers);
        Rollouts rollouts = Rollouts.open(rounds, initial.model(), sampling, prompts, workers);
        TrainedNetwork network = initial.network(config);
        Policy policy =
            Policy.of(
                config,
                network.vectors(),
                Policy.Reference.of(config, initial, teacher, workers),
                workers,
                rollouts,
                external)) {
      return new GrpoEvaluation(policy, prompts).run(0);
    } finally {
      ExecutorModel.release(initial.model());
    }
  }

  /** Refuses prompts without room for a completion, or without inputs of the rewards. */
  private static void require(
      GrpoConfig config,
      TrainedModel model,
      List<Prompt> prompts,
      Optional<ExternalRewardsJob> external) {
    config.requireRoom(prompts, model.config());
    config.requireSolutions(prompts);
    external.ifPresent(rewards -> rewards.requireColumns(prompts));
  }

  private static Optional<ExternalRewardsJob> external(
      GrpoConfig config, Optional<ExternalRewardsJob> judge) {
    RewardConfig.Functions functions = config.rewards().functions();
    List<String> given = functions.names().stream().filter(functions.given()::contains).toList();
    return judge.filter(one -> !given.isEmpty()).map(one -> one.giving(given));
  }
}
