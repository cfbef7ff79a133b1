package org.sparklora.spark.generate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.generate.EndTokens;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.workers.ExecutorCount;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.text.Tokenizer;
import org.sparklora.train.ContextLength;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.FlatVector;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/** {@code generate} over a table: completes prompts on executors. */
public final class GenerateJob {
  /** Enough completions for an executor to keep its batch full, few enough to lose little. */
  private static final int COMPLETIONS_A_PART = 256;

  private GenerateJob() {}

  /**
   * Checks the model's files, before the output folder is claimed.
   *
   * @throws ConfigException for settings that cannot be used
   */
  public static void check(SparkSession session, GenerateConfig config) throws IOException {
    check(session.sparkContext().hadoopConfiguration(), config);
  }

  /** As {@link #check(SparkSession, GenerateConfig)}, without a session. */
  public static void check(Configuration hadoop, GenerateConfig config) throws IOException {
    files(hadoop, config.model());
  }

  /**
   * Completes prompts into a table of Parquet, which appears when it is complete.
   *
   * @param overwrite whether the output may replace another
   * @throws ConfigException for settings that cannot be used
   */
  public static void run(
      SparkSession session,
      GenerateConfig config,
      List<Prompt> prompts,
      String output,
      boolean overwrite)
      throws IOException {
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    try (OutputFolder folder = OutputFolder.create(hadoop, output, overwrite)) {
      List<String> written = new ArrayList<>();
      run(
          session,
          config,
          prompts,
          part -> {
            written.add(String.format(Locale.ROOT, "part-%05d.parquet", written.size()));
            String file = new Path(folder.work(), written.get(written.size() - 1)).toString();
            GenerationTable.write(hadoop, file, part);
          });
      FileList.write(hadoop, folder.work());
      folder.commit();
    }
  }

  /** Completes prompts and hands over their completions part by part, in the prompts' order. */
  public static void run(
      SparkSession session,
      GenerateConfig config,
      List<Prompt> prompts,
      Consumer<List<Generation>> completed)
      throws IOException {
    run(
        session.sparkContext().hadoopConfiguration(),
        workers(session, config),
        config,
        prompts,
        completed);
  }

  /** The executors, after the requested number has registered. */
  public static Workers workers(SparkSession session, GenerateConfig config) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return ExecutorWorkers.workers(spark, ExecutorCount.workers(spark, config.workers()));
  }

  /** The files and types of a model. */
  private record Files(
      ModelSource base, DecoderConfig config, Precision precision, Optional<AdapterFile> adapter) {}

  private static Files files(Configuration hadoop, GenerateConfig.Model model) throws IOException {
    ModelSource base = model.base().locate(hadoop, ModelSource.Part.WHOLE);
    DecoderConfig config = DecoderConfig.read(base.folder().resolve("config.json"));
    Precision precision = model.precision(config);
    Optional<ModelReference> adapter = model.adapter();
    if (adapter.isEmpty()) {
      return new Files(base, config, precision, Optional.empty());
    }
    AdapterFile file =
        AdapterFile.open(adapter.get().folder(hadoop), config)
            .on(AdapterBase.of(base.name(), base.folder()));
    return new Files(base, config, precision, Optional.of(file));
  }

  /**
   * Completes prompts on existing workers, which may do other work as well.
   *
   * @throws ConfigException for settings that cannot be used
   */
  public static void run(
      Configuration hadoop,
      Workers workers,
      GenerateConfig config,
      List<Prompt> prompts,
      Consumer<List<Generation>> completed)
      throws IOException {
    Files files = files(hadoop, config.model());
    ModelSource base = files.base();
    Precision precision = files.precision();
    Optional<AdapterFile> file = files.adapter();
    TrainedModel model =
        file.map(one -> TrainedModel.adapter(base, one.layout().config(), precision, false, 0))
            .orElse(TrainedModel.frozen(base, precision))
            .reading(config.model().dialect())
            .computedBy(config.model().engine());
    ExecutorModel.hold(model);
    try (FlatVector parameters = new FlatVector(model.layout().size());
        SharedVector shared = load(workers, file, parameters)) {
      SamplingConfig drawn = config.sampling();
      ContextLength context = new ContextLength(files.config());
      prompts.forEach(
          one -> context.check(one.id(), one.tokens().length, drawn.maxCompletionLength()));
      SamplingConfig sampling = config.ignoreEos() ? drawn : untilTheEnd(drawn, model);
      Optional<GenerateConfig.Round> round = config.round();
      new GenerateStage(
              workers,
              model,
              shared,
              round.map(one -> GenerateStage.sampling(sampling, one.number())).orElse(sampling))
          .run(parts(round.map(one -> one.of(prompts)).orElse(prompts), sampling), completed);
    } finally {
      ExecutorModel.release(model);
    }
  }

  private static SharedVector load(
      Workers workers, Optional<AdapterFile> adapter, FlatVector parameters) throws IOException {
    if (adapter.isPresent()) {
      Engine engine = Engines.host();
      Tensor vector = engine.alias(parameters.pointer(), parameters.size()).tensor();
      adapter.get().load(engine, vector);
    }
    return workers.share(parameters.pointer(), parameters.size());
  }

  private static List<List<Prompt>> parts(List<Prompt> prompts, SamplingConfig sampling) {
    int size = Math.max(1, COMPLETIONS_A_PART / sampling.numGenerations());
    List<List<Prompt>> parts = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += size) {
      parts.add(List.copyOf(prompts.subList(from, Math.min(from + size, prompts.size()))));
    }
    return parts;
  }

  /** Sampling settings with the tokens that end a completion of a model. */
  public static SamplingConfig untilTheEnd(SamplingConfig sampling, TrainedModel model)
      throws IOException {
    java.nio.file.Path checkpoint = model.checkpoint().folder();
    return sampling.withEndTokens(
        EndTokens.of(checkpoint, Tokenizer.load(checkpoint, model.dialect())));
  }
}
