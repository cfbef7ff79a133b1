package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.generate.EndTokens;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.KernelsProvider;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.InitialParameters;
import org.sparklora.spark.PromptTables;
import org.sparklora.spark.dl4j.AdapterNetwork;
import org.sparklora.spark.dl4j.PolicyUpdates;
import org.sparklora.spark.track.TrackedLog;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.TrainingPlan;

/**
 * {@code grpo}: prompts become completions, completions rewards, and rewards an adapter (or all
 * weights). One process does all of it.
 */
final class GrpoJob {
  private final GrpoConfig config;
  private final InitialParameters initial;
  private final TrainedModel model;
  private final RunFolder folder;

  private GrpoJob(GrpoConfig config, InitialParameters initial, RunFolder folder) {
    this.config = config;
    this.initial = initial;
    this.model = initial.model();
    this.folder = folder;
  }

  /**
   * What a run came to.
   *
   * @param steps optimizer steps
   * @param lastRow of the log
   */
  record Result(int steps, Map<String, Object> lastRow) {}

  /**
   * Trains.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if a setting or the output folder cannot
   *     be used
   * @throws org.sparklora.pipeline.table.TableException if the dataset is damaged, or the disk full
   * @throws org.sparklora.spark.train.NonFiniteLossException if the model diverges
   * @throws LogProbGuard.PolicyMismatchException if completions are not the policy's; in both cases
   *     no results are written
   */
  static Result run(SparkSession spark, GrpoConfig config) throws IOException {
    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    List<Prompt> prompts = PromptTables.open(spark, config.prompts().table()).readAll();
    InitialParameters initial =
        InitialParameters.of(
            hadoop, config.model(), config.lora(), config.startAdapter(), config.batch().seed());
    try (RunFolder folder =
        RunFolder.open(
            hadoop, config.output().folder(), config.output().overwrite(), Optional.empty())) {
      return new GrpoJob(config, initial, folder).train(prompts);
    } finally {
      ExecutorModel.release(initial.model());
    }
  }

  private Result train(List<Prompt> prompts) throws IOException {
    GrpoConfig.Batch batch = config.batch();
    PromptOrder order =
        new PromptOrder(
            prompts.size(),
            batch.generationSize() / config.sampling().numGenerations(),
            config.prompts().shuffled() ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
            batch.dataSeed());
    TrainingPlan plan = plan(batch, order);
    ParameterLayout layout = model.layout();
    AdapterNetwork network =
        AdapterNetwork.create(
            model, layout, config.optimizer(), config.schedule(), plan.totalSteps());
    Kernels kernels = KernelsProvider.hostKernels();
    Tensor parameters = kernels.wrap(network.parameters(), 0, DType.FLOAT32, layout.size());
    initial.write(kernels, parameters);
    GrpoResults results = new GrpoResults(config, model, layout, parameters);
    GrpoState state = new GrpoState(plan, config);
    try (TrackedLog metrics =
        TrackedLog.begin(folder, List.of(), config.output().run(config.effectiveYaml()))) {
      GrpoReport report = new GrpoReport(config, plan, state, metrics, network, folder, results);
      GrpoLoop loop =
          new GrpoLoop(
              plan,
              batch.shape(),
              config.loss(),
              rounds(prompts, order, network),
              new PolicyUpdates(ExecutorModel.of(model), network, config.optimizer().maxGradNorm()),
              report);
      metrics.guard(loop::run);
      Map<String, Object> lastRow = new LinkedHashMap<>(report.finish());
      folder.saveResults(local -> results.write(local, state));
      return new Result(plan.totalSteps(), lastRow);
    }
  }

  /** Steps over micro-steps, of which each round of an epoch has as many as slices × iterations. */
  private static TrainingPlan plan(GrpoConfig.Batch batch, PromptOrder order) {
    return new TrainingPlan(
        Math.multiplyExact(order.roundsPerEpoch(), batch.shape().microSteps()),
        1,
        batch.accumulation(),
        1,
        batch.epochs(),
        batch.maxSteps(),
        RowOrder.SEQUENTIAL,
        batch.dataSeed());
  }

  private PolicyRounds rounds(List<Prompt> prompts, PromptOrder order, AdapterNetwork network)
      throws IOException {
    Path checkpoint = model.checkpoint().folder();
    Tokenizer tokenizer = Tokenizer.load(checkpoint);
    SamplingConfig drawn = config.sampling();
    SamplingConfig sampling =
        new SamplingConfig(
            drawn.numGenerations(),
            drawn.maxCompletionLength(),
            drawn.temperature(),
            drawn.topK(),
            drawn.topP(),
            drawn.minP(),
            drawn.repetitionPenalty(),
            EndTokens.of(checkpoint, tokenizer),
            drawn.seed());
    // a new adapter changes nothing, so what training starts from is the base model
    Optional<FlatVector> reference =
        config.loss().beta() > 0
            ? Optional.of(FlatVector.copyOf(network.parameters(), model.layout().size()))
            : Optional.empty();
    return new PolicyRounds(
        config,
        prompts,
        order,
        new PolicyRounds.Policy(
            ExecutorModel.of(model),
            network.parameters(),
            reference,
            sampling,
            !config.batch().shape().isOnPolicy(config.batch().accumulation())),
        tokenizer);
  }
}
