package org.sparklora.spark.sft;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.prep.PrepConfig;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.Evaluation;
import org.sparklora.spark.dl4j.ParameterAveraging;
import org.sparklora.spark.dl4j.SummedGradients;
import org.sparklora.spark.dl4j.Synchronizer;
import org.sparklora.spark.prep.PackedTables;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.RunIdentity;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.train.ContextLength;
import org.sparklora.spark.train.EvalMetrics;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainingPlan;
import org.sparklora.spark.train.TrainingRows;
import org.sparklora.spark.workers.CountExecutorsJob;
import org.sparklora.spark.workers.ExecutorsJob;
import org.sparklora.spark.workers.NamedJob;

/**
 * {@code sft}: a dataset becomes a packed table, the table trains an adapter (or all weights), the
 * results appear in the output folder when they are whole. On the way the folder holds checkpoints,
 * from which a run that was stopped goes on.
 */
public final class SftJob {
  private SftJob() {}

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
  public static TrainingRun.Result run(SparkSession session, SftConfig config) throws IOException {
    return run(session, config, RunListener.none());
  }

  /** The same with a listener, who hears of the run. */
  public static TrainingRun.Result run(SparkSession session, SftConfig config, RunListener listener)
      throws IOException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    Configuration hadoop = spark.hadoopConfiguration();
    NamedJob.group(spark, "sft " + config.output().folder());
    PrepConfig data = config.data();
    int workers = CountExecutorsJob.workers(spark, config.sync().workers());
    config.evaluation().data().ifPresent(test -> PackedTables.requireTestSplit(hadoop, test, data));
    InitialParameters initial = InitialParameters.of(hadoop, config);
    TrainedModel model = initial.model();
    SftRegret regret =
        SftRegret.of(config, model, hadoop, SparkSessions.memory(spark)).requireMemory();
    PackedTables.requireDataset(session, data);
    try (RunFolder folder = TrainingRun.open(hadoop, config);
        TrainingRows rows = trainingRows(session, config, model);
        TrainingRows testRows = testRows(session, config, model)) {
      System.out.print(regret.requireMemory().before(workers).toText());
      TrainingPlan plan = config.plan(rows.count(), workers);
      try (TrainingRun run =
          TrainingRun.begin(
              hadoop,
              folder,
              config,
              initial,
              plan,
              RunIdentity.of(
                  config,
                  model,
                  Map.of(
                      Flags.DATASET_NAME,
                      "%d packed rows with fingerprint %.16s"
                          .formatted(rows.count(), rows.fingerprint()),
                      Flags.DATA_SEED,
                      Long.toString(config.course().dataSeed()),
                      Flags.NUM_WORKERS,
                      Integer.toString(workers))),
              first -> plan.totalSteps(),
              listener)) {
        int batchRows = config.evaluation().batchRows();
        Evaluation evaluation =
            new Evaluation(
                ExecutorsJob.of(spark, workers), model, run.network(), testRows, batchRows);
        run.train(
            evaluation::run, () -> trainer(spark, config, run, rows, evaluation, workers).run());
        return run.finish(
            local ->
                Files.writeString(
                    local.resolve(RegretReport.FILE_NAME),
                    regret.after(workers, run.state().history()).toJson()));
      }
    }
  }

  /**
   * Measures what a run would start from on the split to evaluate on, and writes nothing but its
   * packed table.
   *
   * @param config whose evaluation is on
   * @throws org.sparklora.pipeline.config.ConfigException for settings that cannot be used
   */
  public static EvalMetrics evaluate(SparkSession session, SftConfig config) throws IOException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    int workers = CountExecutorsJob.workers(spark, config.sync().workers());
    InitialParameters initial = InitialParameters.of(spark.hadoopConfiguration(), config);
    TrainedModel model = initial.model();
    try (TrainingRows rows = testRows(session, config, model);
        AdapterNetwork network = initial.network(config)) {
      int batchRows = config.evaluation().batchRows();
      return new Evaluation(ExecutorsJob.of(spark, workers), model, network, rows, batchRows)
          .run(0);
    } finally {
      ExecutorModel.release(model);
    }
  }

  private static TrainingRows trainingRows(
      SparkSession session, SftConfig config, TrainedModel model) {
    TrainingRows rows = rows(session, config.data(), model);
    try {
      new ContextLength(model.config())
          .checkTrained(config.data().maxLength(), rows.longestDocument());
      return rows;
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  private static TrainingRows testRows(SparkSession session, SftConfig config, TrainedModel model) {
    return config
        .evaluation()
        .data()
        .map(data -> rows(session, data, model))
        .orElseGet(TrainingRows::none);
  }

  private static TrainingRows rows(SparkSession session, PrepConfig data, TrainedModel model) {
    return TrainingRows.of(
        session.sparkContext().hadoopConfiguration(),
        PackedTables.open(session, data),
        model.config().vocabSize());
  }

  private static AdapterTrainer trainer(
      JavaSparkContext spark,
      SftConfig config,
      TrainingRun run,
      TrainingRows rows,
      Evaluation evaluation,
      int workers) {
    TrainedModel model = run.model();
    AdapterNetwork network = run.network();
    boolean averages = config.sync().averages();
    Synchronizer synchronizer =
        averages
            ? new ParameterAveraging(
                spark, model, network, rows, workers, config.sync().averagingFrequency())
            : new SummedGradients(
                ExecutorsJob.of(spark, workers),
                model,
                network,
                rows,
                config.optimizer().maxGradNorm());
    return new AdapterTrainer(
        run,
        rows,
        synchronizer,
        averages ? 1 : workers,
        new SftListener(config, run, evaluation::run));
  }
}
