package org.sparklora.spark.sft;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Tensor;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.Evaluation;
import org.sparklora.spark.dl4j.ParameterAveraging;
import org.sparklora.spark.dl4j.SummedGradients;
import org.sparklora.spark.dl4j.Synchronizer;
import org.sparklora.spark.prep.PackedTables;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.resume.RunFingerprint;
import org.sparklora.spark.run.Checkpoints;
import org.sparklora.spark.run.HubPush;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.ContextLength;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.SpilledRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.workers.CountExecutorsJob;

/**
 * {@code sft}: a dataset becomes a packed table, the table trains an adapter (or all weights), the
 * results appear in the output folder when they are whole. On the way the folder holds checkpoints,
 * from which a run that was stopped goes on.
 */
public final class SftJob {
  private final JavaSparkContext spark;
  private final SftConfig config;
  private final InitialParameters initial;
  private final SftRegret regret;
  private final TrainedModel model;
  private final RunFolder folder;
  private final int workers;
  private final boolean averages;

  private SftJob(
      JavaSparkContext spark,
      SftConfig config,
      InitialParameters initial,
      SftRegret regret,
      RunFolder folder,
      int workers) {
    this.spark = spark;
    this.config = config;
    this.initial = initial;
    this.regret = regret;
    this.model = initial.model();
    this.folder = folder;
    this.workers = workers;
    this.averages = config.sync().mode() == SftConfig.Sync.Mode.PARAMETERS;
  }

  /**
   * What a run came to.
   *
   * @param steps optimizer steps
   * @param tokens trained on
   * @param trainLoss mean loss of all steps
   * @param seconds of training
   */
  public record Result(int steps, long tokens, double trainLoss, double seconds) {}

  /**
   * Trains.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if a setting, the output folder or the
   *     checkpoint to resume from cannot be used
   * @throws org.sparklora.hub.HubException if results are to be pushed and may not be
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged or does not fit
   *     the model, or the disk is full; the last checkpoint stays. Also if the results were saved,
   *     but not pushed
   * @throws org.sparklora.spark.train.NonFiniteLossException if the model diverges; no results are
   *     written then
   */
  public static Result run(SparkSession session, SftConfig config) throws IOException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    int workers = CountExecutorsJob.workers(spark, config.sync().workers());
    config
        .evaluation()
        .data()
        .ifPresent(
            testing ->
                PackedTables.requireTestSplit(spark.hadoopConfiguration(), testing, config.data()));
    InitialParameters initial =
        InitialParameters.of(
            spark.hadoopConfiguration(),
            config.model(),
            config.lora(),
            config.startAdapter(),
            config.batch().seed());
    TrainedModel model = initial.model();
    SftRegret regret =
        SftRegret.of(config, model, spark.hadoopConfiguration(), SparkSessions.memory(spark))
            .requireMemory();
    PackedTables.requireDataset(spark.hadoopConfiguration(), config.data());
    int vocabulary = model.config().vocabSize();
    try (RunFolder folder =
            RunFolder.open(
                spark.hadoopConfiguration(),
                config.output().folder(),
                config.output().overwrite(),
                config.checkpoints().resumeFrom());
        SpilledRows rows = SpilledRows.create(vocabulary);
        SpilledRows testRows = SpilledRows.create(vocabulary)) {
      config
          .output()
          .push()
          .ifPresent(push -> folder.whenSaved(HubPush.open(spark.hadoopConfiguration(), push)));
      PackedTables.open(session, config.data()).forEach(rows::add);
      new ContextLength(model.config())
          .checkTrained(config.data().maxLength(), rows.longestDocument());
      config
          .evaluation()
          .data()
          .ifPresent(testing -> PackedTables.open(session, testing).forEach(testRows::add));
      return new SftJob(spark, config, initial, regret, folder, workers).train(rows, testRows);
    }
  }

  private Result train(SpilledRows rows, SpilledRows testRows) throws IOException {
    System.out.print(regret.requireMemory().before(workers).toText());
    TrainingPlan plan = plan(config.batch(), rows.count(), averages ? workers : 1);
    try (AdapterNetwork network =
        AdapterNetwork.create(
            model, model.layout(), config.optimizer(), config.schedule(), plan.totalSteps())) {
      try {
        return train(rows, testRows, plan, network);
      } finally {
        ExecutorModel.release(model); // when no task is in the network's memory any more
      }
    }
  }

  private Result train(
      SpilledRows rows, SpilledRows testRows, TrainingPlan plan, AdapterNetwork network)
      throws IOException {
    ParameterLayout layout = model.layout();
    Engine engine = Engines.host();
    Tensor parameters = engine.alias(network.parameters(), layout.size()).tensor();
    RunFingerprint fingerprint =
        SftIdentity.of(config, model, rows.fingerprint(), rows.count(), workers);
    Checkpoints checkpoints =
        new Checkpoints(
            spark.hadoopConfiguration(),
            folder,
            new SftCheckpoints(config, model, parameters),
            fingerprint,
            model,
            network,
            engine,
            parameters);
    TrainerState state = new TrainerState(plan, stateSettings(config, plan, model));
    if (folder.resumed().isPresent()) {
      checkpoints.resume(folder.resumed().get(), state, plan.totalSteps());
    } else {
      initial.write(engine, parameters);
    }
    Interruption.tell(() -> checkpoints.whenInterrupted(state));
    try (TrackedLog metrics =
        TrackedLog.begin(folder, state.history(), config.output().run(config.effectiveYaml()))) {
      TrainingReport report = new TrainingReport(state, metrics, config, plan.totalSteps());
      RunMilestones milestones =
          new RunMilestones(config, plan, report, evaluation(network, testRows), checkpoints);
      if (folder.resumed().isEmpty()) {
        milestones.start();
      }
      metrics.guard(
          () -> trainer(plan, rows, network, milestones).run(state.sums().steps(), milestones));
      report.finish();
      checkpoints.finish(state);
      folder.saveResults(
          local -> {
            ResultFolder.write(
                local, config, model, parameters, state, checkpoints.bestFolder(state));
            Files.writeString(
                local.resolve(RegretReport.FILE_NAME),
                regret.after(workers, state.history()).toJson());
          });
      return new Result(
          plan.totalSteps(), state.sums().tokens(), state.trainLoss(), report.seconds());
    }
  }

  private Optional<Evaluation> evaluation(AdapterNetwork network, SpilledRows testRows) {
    EvalConfig settings = config.evaluation();
    return settings
        .data()
        .map(
            data -> new Evaluation(spark, model, network, testRows, settings.batchRows(), workers));
  }

  private AdapterTrainer trainer(
      TrainingPlan plan, SpilledRows rows, AdapterNetwork network, RunMilestones milestones) {
    Synchronizer synchronizer =
        averages
            ? new ParameterAveraging(
                spark, model, network, workers, config.sync().averagingFrequency())
            : new SummedGradients(spark, model, network, config.optimizer().maxGradNorm());
    return new AdapterTrainer(
        plan, rows, synchronizer, averages ? 1 : workers, network::learningRate, milestones::stops);
  }

  private static TrainerState.Settings stateSettings(
      SftConfig config, TrainingPlan plan, TrainedModel model) {
    return new TrainerState.Settings(
        config.batch().rows(),
        new TrainerState.LogInterval(
            config.output().loggingSteps(plan.totalSteps()), config.output().logFirstStep()),
        config.evaluation().schedule().cadence(plan.totalSteps()),
        config.checkpoints().cadence(plan.totalSteps()),
        computedParameters(model),
        false);
  }

  /** All parameters but the token embedding, and the adapter's. */
  private static long computedParameters(TrainedModel model) {
    WeightLayout weights = WeightLayout.of(model.config());
    long embedding = (long) model.config().vocabSize() * model.config().hiddenSize();
    return weights.size() - embedding + (model.lora().isPresent() ? model.layout().size() : 0);
  }

  private static TrainingPlan plan(SftConfig.Batch batch, int rows, int workers) {
    return new TrainingPlan(
        rows,
        batch.rows(),
        batch.accumulation(),
        workers,
        batch.epochs(),
        batch.maxSteps(),
        batch.order(),
        batch.dataSeed());
  }
}
