package org.sparklora.spark.sft;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.observe.estimate.RegretReport;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.TableManifest;
import org.sparklora.spark.dl4j.ParameterAveraging;
import org.sparklora.spark.dl4j.TrainedNetwork;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.train.ContextLength;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.TrainingRows;
import org.sparklora.train.step.Evaluation;
import org.sparklora.train.step.SummedGradients;
import org.sparklora.train.step.Synchronizer;
import org.sparklora.train.workers.Workers;

/**
 * {@code sft}: makes a packed table from a dataset and trains an adapter (or all weights) on it;
 * the results appear in the output folder when they are complete. During training the folder holds
 * checkpoints, from which a stopped run resumes.
 */
public final class SftJob {
  private SftJob() {}

  /**
   * Trains.
   *
   * @param stop step after which the run saves a checkpoint and stops, or {@link
   *     TrainingRun#TO_THE_END}
   * @throws org.sparklora.pipeline.config.ConfigException if a setting, the output folder or the
   *     checkpoint to resume from cannot be used
   * @throws org.sparklora.hub.HubException if results are to be pushed and the hub refuses
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged or does not fit
   *     the model, or the disk is full; the last checkpoint stays. Also if the results were saved,
   *     but not pushed
   * @throws org.sparklora.train.NonFiniteLossException if the model diverges; no results are
   *     written then
   */
  public static TrainingRun.Result run(
      TrainingEnvironment place, SftConfig config, RunListener listener, int stop)
      throws IOException {
    Configuration hadoop = place.hadoop();
    place.group("sft " + config.output().folder());
    PrepConfig data = config.table();
    int workers = place.count(config.sync().workers());
    config.sync().requireSent(place.workers(workers));
    config.evaluation().data().ifPresent(test -> place.requireTestSplit(test, data));
    InitialParameters initial = InitialParameters.of(hadoop, config);
    TrainedModel model = initial.model();
    config.evaluation().requireMeasured(model);
    place.workers(workers).requireRoomForResults(config.sync().resultBytes(model.layout().size()));
    SftRegret regret = SftRegret.of(config, model, hadoop, place.memory()).requireMemory();
    place.requireDataset(data);
    try (RunFolder folder = TrainingRun.open(hadoop, config);
        TrainingRows rows = trainingRows(place, config, model);
        TrainingRows testRows = testRows(place, config, model)) {
      place.out().print(regret.requireMemory().before(workers).toText());
      TrainingPlan plan = config.plan(rows.count(), workers);
      try (TrainingRun run =
          TrainingRun.begin(
              place,
              folder,
              config,
              initial,
              plan,
              workers,
              initial.identity(
                  config,
                  Map.of(
                      Flags.DATASET_NAME,
                      identity(rows),
                      Flags.DATA_SEED,
                      Long.toString(config.course().dataSeed()),
                      Flags.INNER_MOMENTS,
                      config.sync().averaging().map(of -> of.moments()).orElse("averaged"),
                      Flags.NUM_WORKERS,
                      Integer.toString(workers))),
              first -> Math.min(plan.totalSteps(), stop),
              listener)) {
        int batchRows = config.evaluation().batchRows();
        Evaluation evaluation =
            new Evaluation(place.workers(workers), run.vectors(), testRows, batchRows);
        try (Synchronizer synchronizer = synchronizer(place, config, run, rows, workers)) {
          run.readResumed(synchronizer::read);
          int shares = config.sync().averaging().isPresent() ? 1 : workers;
          SftLoop loop = new SftLoop(config, run, rows, synchronizer, evaluation::run, shares);
          run.train(evaluation::run, loop::run);
          return run.finish(
              local ->
                  Files.writeString(
                      local.resolve(RegretReport.FILE_NAME),
                      regret.after(workers, run.state().history()).toJson()),
              synchronizer::write);
        }
      }
    }
  }

  /** The fingerprint of packed rows: their number and a checksum. */
  public static String identity(TrainingRows rows) {
    return "%s packed rows with fingerprint %.16s".formatted(rows.count(), rows.fingerprint());
  }

  /**
   * Evaluates the parameters that a run would start from, on the split to evaluate on; writes only
   * the split's packed table.
   *
   * @param config settings with evaluation on
   * @throws org.sparklora.pipeline.config.ConfigException for settings that cannot be used
   */
  public static EvalMetrics evaluate(TrainingEnvironment place, SftConfig config)
      throws IOException {
    config.evalSchedule().requireOn();
    int workers = place.count(config.sync().workers());
    InitialParameters initial = InitialParameters.of(place.hadoop(), config);
    TrainedModel model = initial.model();
    ExecutorModel.hold(model);
    try (TrainingRows rows = testRows(place, config, model);
        TrainedNetwork network = initial.network(config)) {
      int batchRows = config.evaluation().batchRows();
      return new Evaluation(place.workers(workers), network.vectors(), rows, batchRows).run(0);
    } finally {
      ExecutorModel.release(model);
    }
  }

  private static TrainingRows trainingRows(
      TrainingEnvironment place, SftConfig config, TrainedModel model) {
    TrainingRows rows = rows(place, config.table(), model);
    try {
      new ContextLength(model.config())
          .checkTrained(config.table().maxLength(), rows.longestDocument());
      return rows;
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  private static TrainingRows testRows(
      TrainingEnvironment place, SftConfig config, TrainedModel model) {
    return config
        .evaluation()
        .data()
        .map(data -> rows(place, data, model))
        .orElseGet(TrainingRows::none);
  }

  private static TrainingRows rows(TrainingEnvironment place, PrepConfig data, TrainedModel model) {
    String table = place.table(data);
    return TrainingRows.of(
            place.hadoop(),
            PackedSequenceTable.open(place.hadoop(), table),
            model.config().vocabSize())
        .withSources(TableManifest.sources(place.hadoop(), table));
  }

  private static Synchronizer synchronizer(
      TrainingEnvironment place,
      SftConfig config,
      TrainingRun run,
      TrainingRows rows,
      int workers) {
    Workers group = place.workers(workers);
    return config
        .sync()
        .averaging()
        .<Synchronizer>map(
            averages ->
                new ParameterAveraging(
                    group, run.model(), run.network(), rows, run.plan(), averages))
        .orElseGet(() -> new SummedGradients(group, run.vectors(), rows));
  }
}
