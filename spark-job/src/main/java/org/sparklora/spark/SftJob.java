package org.sparklora.spark;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.KernelsProvider;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.ParameterAveraging;
import org.sparklora.spark.dl4j.SummedGradients;
import org.sparklora.spark.dl4j.Synchronizer;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.SpilledRows;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainerState;
import org.sparklora.spark.train.TrainingPlan;

/**
 * {@code sft}: a dataset becomes a packed table, the table trains an adapter (or all weights), the
 * results appear in the output folder when they are whole.
 */
public final class SftJob {

  private SftJob() {}

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
   * @throws org.sparklora.pipeline.config.ConfigException if a setting or the output folder cannot
   *     be used
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged or does not fit
   *     the model
   * @throws org.sparklora.spark.train.NonFiniteLossException if the model diverges; nothing is
   *     written then
   */
  public static Result run(SparkSession session, SftConfig config) throws IOException {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    Configuration hadoop = spark.hadoopConfiguration();
    InitialParameters initial = InitialParameters.of(config);
    TrainedModel model = initial.model();
    SftRegret regret =
        SftRegret.of(config, model, hadoop, SparkSessions.memory(spark)).requireMemory();
    try (OutputFolder output =
            OutputFolder.create(hadoop, config.output().folder(), config.output().overwrite());
        SpilledRows rows = SpilledRows.create(model.config().vocabSize())) {
      PackedTables.open(session, config.data()).forEach(rows::add);
      int workers = workers(spark, config.sync());
      System.out.print(regret.requireMemory().before(workers).toText());
      boolean averages = config.sync().mode() == SftConfig.Sync.Mode.PARAMETERS;
      TrainingPlan plan = plan(config.batch(), rows.count(), averages ? workers : 1);
      ParameterLayout layout = model.layout();
      AdapterNetwork network =
          AdapterNetwork.create(
              model, layout, config.optimizer(), config.schedule(), plan.totalSteps());
      Kernels kernels = KernelsProvider.kernels();
      Tensor parameters = kernels.wrap(network.parameters(), 0, DType.FLOAT32, layout.size());
      initial.write(kernels, parameters);
      Synchronizer synchronizer =
          averages
              ? new ParameterAveraging(
                  spark, model, network, workers, config.sync().averagingFrequency())
              : new SummedGradients(spark, model, network, config.optimizer().maxGradNorm());

      TrainingReport report = TrainingReport.start(config, plan, model);
      new AdapterTrainer(plan, rows, synchronizer, averages ? 1 : workers, network::learningRate)
          .run(report);
      TrainerState state = report.finish();

      RegretReport outcome = regret.after(workers, state.history());
      ResultFolder.write(hadoop, output, config, layout, parameters, state, outcome);
      output.commit();
      return new Result(plan.totalSteps(), state.tokens(), state.trainLoss(), report.seconds());
    } finally {
      ExecutorModel.release(model);
    }
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

  /** As many as there are executors: in local mode one, whose kernels use all cores. */
  private static int workers(JavaSparkContext spark, SftConfig.Sync sync) {
    // the status tracker counts the driver as well
    int executors =
        spark.isLocal() ? 1 : Math.max(1, spark.sc().statusTracker().getExecutorInfos().length - 1);
    return sync.workers().orElse(executors);
  }
}
