package org.sparklora.spark.grpo;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.PolicyUpdates;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.generate.PromptOrder;
import org.sparklora.spark.prep.PromptTables;
import org.sparklora.spark.resume.RunFingerprint;
import org.sparklora.spark.run.Checkpoints;
import org.sparklora.spark.run.HubPush;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.workers.CountExecutorsJob;
import org.sparklora.spark.workers.ExecutorsJob;
import org.sparklora.spark.workers.SharedVector;
import org.sparklora.spark.workers.Workers;

/**
 * {@code grpo}: prompts become completions, completions rewards, and rewards an adapter (or all
 * weights), round after round. On the way the output folder holds each round's tables and
 * checkpoints, from which a run that was stopped goes on.
 */
public final class GrpoJob {
  private final Configuration hadoop;
  private final Workers workers;
  private final GrpoConfig config;
  private final InitialParameters initial;
  private final TrainedModel model;
  private final SamplingConfig sampling;
  private final List<Prompt> prompts;
  private final List<Prompt> testPrompts;
  private final PromptOrder order;
  private final RunFolder folder;

  private GrpoJob(
      Configuration hadoop,
      Workers workers,
      GrpoConfig config,
      InitialParameters initial,
      SamplingConfig sampling,
      List<Prompt> prompts,
      List<Prompt> testPrompts,
      RunFolder folder) {
    this.hadoop = hadoop;
    this.workers = workers;
    this.config = config;
    this.initial = initial;
    this.model = initial.model();
    this.sampling = sampling;
    this.prompts = prompts;
    this.testPrompts = testPrompts;
    this.order = config.promptOrder(prompts.size());
    this.folder = folder;
  }

  /**
   * What a run came to.
   *
   * @param steps optimizer steps, with those before a resume
   * @param lastRow of the log; empty if more steps are to come
   */
  public record Result(int steps, Optional<Map<String, Object>> lastRow) {}

  /**
   * Trains.
   *
   * @param advantages a table of one round, which is then all that is trained on; empty draws all
   *     rounds
   * @throws ConfigException if a setting, the output folder or the checkpoint to resume from cannot
   *     be used
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged, or the disk
   *     full; the last checkpoint stays
   * @throws org.sparklora.spark.train.NonFiniteLossException if the model diverges
   * @throws LogProbGuard.PolicyMismatchException if completions are not the policy's; in both cases
   *     no results are written
   */
  public static Result run(SparkSession session, GrpoConfig config, Optional<String> advantages)
      throws IOException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    Configuration hadoop = spark.hadoopConfiguration();
    config
        .evaluation()
        .table()
        .ifPresent(
            testing -> PromptTables.requireTestSplit(hadoop, testing, config.prompts().table()));
    InitialParameters initial =
        InitialParameters.of(
            hadoop, config.model(), config.lora(), config.startAdapter(), config.batch().seed());
    PromptTables.requireDataset(hadoop, config.prompts().table());
    advantages.ifPresent(table -> GenerationTable.requireScored(hadoop, table));
    SamplingConfig sampling = GenerateJob.untilTheEnd(config.sampling(), initial.model());
    Workers workers =
        ExecutorsJob.workers(spark, CountExecutorsJob.workers(spark, config.workers()));
    try (RunFolder folder =
        RunFolder.open(
            hadoop,
            config.output().folder(),
            config.output().overwrite(),
            config.checkpoints().resumeFrom())) {
      config.output().push().ifPresent(push -> folder.whenSaved(HubPush.open(hadoop, push)));
      // now that the folder is this run's: another one's prompts lie beside it
      List<Prompt> prompts = PromptTables.open(session, config.prompts().table()).readAll();
      List<Prompt> testPrompts =
          config
              .evaluation()
              .table()
              .map(testing -> PromptTables.open(session, testing))
              .map(PromptTable::readAll)
              .orElse(List.of());
      config.requireRoom(prompts, initial.model().config());
      config.requireSolutions(prompts);
      return new GrpoJob(hadoop, workers, config, initial, sampling, prompts, testPrompts, folder)
          .train(advantages);
    }
  }

  private Result train(Optional<String> advantages) throws IOException {
    TrainingPlan plan = config.plan(order);
    try (AdapterNetwork network =
        AdapterNetwork.create(
            model, model.layout(), config.optimizer(), config.schedule(), plan.totalSteps())) {
      try {
        return train(advantages, plan, network);
      } finally {
        ExecutorModel.release(model); // when no task is in the network's memory any more
      }
    }
  }

  private Result train(Optional<String> advantages, TrainingPlan plan, AdapterNetwork network)
      throws IOException {
    Engine engine = Engines.host();
    Tensor parameters = engine.alias(network.parameters(), model.layout().size()).tensor();
    initial.write(engine, parameters);
    try (Reference reference = reference(network)) {
      return train(advantages, plan, network, engine, parameters, reference);
    }
  }

  /** What training starts from, as the loss's reference: a new adapter changes nothing. */
  private Reference reference(AdapterNetwork network) {
    if (config.loss().beta() <= 0) {
      return new Reference(Optional.empty(), Optional.empty());
    }
    FlatVector copy = FlatVector.copyOf(network.parameters(), model.layout().size());
    return new Reference(
        Optional.of(copy), Optional.of(workers.share(copy.pointer(), copy.size())));
  }

  /** The reference policy's parameters, where the loss needs them. */
  private record Reference(Optional<FlatVector> copy, Optional<SharedVector> shared)
      implements AutoCloseable {
    @Override
    public void close() {
      shared.ifPresent(SharedVector::close);
      copy.ifPresent(FlatVector::close);
    }
  }

  private Result train(
      Optional<String> advantages,
      TrainingPlan plan,
      AdapterNetwork network,
      Engine engine,
      Tensor parameters,
      Reference reference)
      throws IOException {
    RunFingerprint fingerprint = GrpoIdentity.of(config, model, sampling, prompts);
    GrpoResults results = new GrpoResults(config, model, parameters);
    Checkpoints checkpoints =
        new Checkpoints(hadoop, folder, results, fingerprint, model, network, engine, parameters);
    TrainerState state = new TrainerState(plan, config.stateSettings(plan));
    if (folder.resumed().isPresent()) {
      checkpoints.resume(folder.resumed().get(), state, plan.totalSteps());
    }
    int first = state.sums().steps();
    int end = advantages.isPresent() ? config.endOfRound(plan, first) : plan.totalSteps();
    Interruption.tell(() -> checkpoints.whenInterrupted(state));
    try (TrackedLog metrics =
            TrackedLog.begin(folder, state.history(), config.output().run(config.effectiveYaml()));
        PolicyUpdates updates =
            new PolicyUpdates(workers, model, network, config.optimizer().maxGradNorm())) {
      RoundTables tables =
          new RoundTables(
              hadoop, folder.rounds(), fingerprint.fixed().toString(), config.roundsKept());
      PolicyRounds.Policy policy = policy(updates, reference.shared());
      PolicyRounds rounds = rounds(policy, tables, state.sums().draws());
      Round.Source source =
          advantages
              .<Round.Source>map(table -> number -> rounds.given(number, given(number, table)))
              .orElse(rounds);
      GrpoReport report =
          new GrpoReport(
              config,
              plan,
              state,
              metrics,
              network,
              checkpoints,
              results,
              folder,
              workers,
              config
                  .evaluation()
                  .table()
                  .map(table -> new GrpoEvaluation(config, policy, testPrompts)));
      if (results.unfinished().isPresent()) {
        int round = plan.microStepsBefore(first) / config.batch().shape().microSteps();
        report.goOnWith(tables.shown(round));
      }
      GrpoLoop loop =
          new GrpoLoop(plan, config.batch().shape(), config.loss(), source, updates, report);
      metrics.guard(
          () -> {
            if (first == 0) {
              report.start();
            }
            loop.run(first, end, results.unfinished());
          });
      if (end < plan.totalSteps()) {
        checkpoints.save(state);
        return new Result(end, Optional.empty());
      }
      Map<String, Object> lastRow = report.finish();
      folder.saveResults(local -> results.write(local, state));
      return new Result(end, Optional.of(lastRow));
    }
  }

  private List<ScoredGeneration> given(int number, String table) {
    return GivenRound.inOrder(
        GenerationTable.readScored(hadoop, table),
        order.round(number),
        config.sampling().numGenerations(),
        table);
  }

  private PolicyRounds.Policy policy(PolicyUpdates updates, Optional<SharedVector> reference) {
    boolean onPolicy = config.batch().shape().isOnPolicy(config.batch().accumulation());
    boolean dropsOut =
        model.layout() instanceof AdapterLayout adapter && adapter.config().dropout() > 0;
    return new PolicyRounds.Policy(
        workers, model, updates, reference, sampling, !onPolicy, onPolicy && !dropsOut);
  }

  private PolicyRounds rounds(PolicyRounds.Policy policy, RoundTables tables, int draws) {
    return new PolicyRounds(config, prompts, order, policy, tables, draws);
  }
}
