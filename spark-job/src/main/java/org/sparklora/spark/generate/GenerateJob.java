package org.sparklora.spark.generate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.generate.EndTokens;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.run.ModelSettings;
import org.sparklora.spark.train.ContextLength;
import org.sparklora.spark.train.ExecutorModel;
import org.sparklora.spark.train.FlatVector;
import org.sparklora.spark.train.RowOrder;
import org.sparklora.spark.train.TrainedModel;
import org.sparklora.spark.train.WeightDtype;
import org.sparklora.spark.workers.CountExecutorsJob;
import org.sparklora.spark.workers.ExecutorsJob;
import org.sparklora.spark.workers.SharedVector;
import org.sparklora.spark.workers.Workers;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/** {@code generate} over a table: completes prompts on executors. */
public final class GenerateJob {
  /** Enough completions for an executor to keep its batch full, few enough to lose little. */
  private static final int COMPLETIONS_A_PART = 256;

  private GenerateJob() {}

  /** How completions are drawn, until the largest length; of a user's settings. */
  public static SamplingConfig sampling(Settings settings) {
    return ModelSettings.of(
        () ->
            new SamplingConfig(
                settings.optionalInteger("num_generations").orElse(1),
                settings.integer("max_completion_length"),
                new SamplingRule(
                    (float) settings.number("temperature"),
                    settings.integer("top_k"),
                    (float) settings.number("top_p"),
                    (float) settings.number("min_p"),
                    (float) settings.number("repetition_penalty")),
                Set.of(),
                settings.integer("seed")));
  }

  /**
   * Looks at all that is read, before the output is.
   *
   * @throws ConfigException for settings that cannot be used
   */
  public static void check(SparkSession session, Settings settings) throws IOException {
    sampling(settings);
    files(session.sparkContext().hadoopConfiguration(), settings);
  }

  /**
   * Completes prompts into a table of Parquet, which appears when it is whole.
   *
   * @throws ConfigException for settings that cannot be used
   */
  public static void run(SparkSession session, Settings settings, List<Prompt> prompts)
      throws IOException {
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    try (OutputFolder folder =
        OutputFolder.create(
            hadoop, settings.requiredText("output"), settings.isOn("overwrite_output_dir"))) {
      List<String> written = new ArrayList<>();
      run(
          session,
          settings,
          prompts,
          part -> {
            written.add("part-%05d.parquet".formatted(written.size()));
            String file = new Path(folder.work(), written.get(written.size() - 1)).toString();
            GenerationTable.write(hadoop, file, part);
          });
      folder.commit();
    }
  }

  /** Completes prompts and hands over their completions part by part, in the prompts' order. */
  public static void run(
      SparkSession session,
      Settings settings,
      List<Prompt> prompts,
      Consumer<List<Generation>> completed)
      throws IOException {
    run(
        session.sparkContext().hadoopConfiguration(),
        workers(session, settings),
        settings,
        prompts,
        completed);
  }

  /** The executors, when those are there that work. */
  public static Workers workers(SparkSession session, Settings settings) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return ExecutorsJob.workers(
        spark, CountExecutorsJob.workers(spark, settings.optionalInteger("num_workers")));
  }

  /** What a model is read from. */
  private record Files(
      ModelSource base, DecoderConfig config, Precision precision, Optional<AdapterFile> adapter) {}

  private static Files files(Configuration hadoop, Settings settings) throws IOException {
    ModelSource base = ModelReference.of(settings).locate(hadoop, ModelSource.Part.WHOLE);
    DecoderConfig config = DecoderConfig.read(base.folder().resolve("config.json"));
    Precision precision =
        Precision.ofWeights(WeightDtype.of(settings.oneOf("dtype", WeightDtype.NAMES)).of(config));
    Optional<ModelReference> adapter = ModelReference.of(settings, "adapter");
    if (adapter.isEmpty()) {
      return new Files(base, config, precision, Optional.empty());
    }
    ModelSource at = adapter.get().locate(hadoop, ModelSource.Part.WHOLE);
    AdapterFile file =
        AdapterFile.open(at.folder(), config).on(AdapterBase.of(base.name(), base.folder()));
    return new Files(base, config, precision, Optional.of(file));
  }

  public static void run(
      Configuration hadoop,
      Workers workers,
      Settings settings,
      List<Prompt> prompts,
      Consumer<List<Generation>> completed)
      throws IOException {
    Files files = files(hadoop, settings);
    ModelSource base = files.base();
    DecoderConfig config = files.config();
    Precision precision = files.precision();
    Optional<AdapterFile> file = files.adapter();
    TrainedModel model =
        file.map(one -> TrainedModel.adapter(base, one.layout().config(), precision, false, 0))
            .orElse(TrainedModel.frozen(base, precision))
            .reading(settings.oneOf("tokenizer_dialect", TokenizerDialect.class));
    try (FlatVector parameters = new FlatVector(model.layout().size());
        SharedVector shared = load(workers, file, parameters)) {
      SamplingConfig drawn = sampling(settings);
      ContextLength context = new ContextLength(config);
      prompts.forEach(
          one -> context.check(one.id(), one.tokens().length, drawn.maxCompletionLength()));
      SamplingConfig sampling = settings.isOn("ignore_eos") ? drawn : untilTheEnd(drawn, model);
      Optional<Integer> round = settings.optionalInteger("round");
      new GenerateStage(
              workers,
              model,
              shared,
              round.map(number -> GenerateStage.sampling(sampling, number)).orElse(sampling))
          .run(
              parts(round.isPresent() ? slice(settings, prompts, round.get()) : prompts, sampling),
              completed);
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

  /** What a run with these settings completes in a round. */
  private static List<Prompt> slice(Settings settings, List<Prompt> prompts, int round) {
    int groups = settings.optionalInteger("num_generations").orElse(1);
    int size =
        settings
            .optionalInteger("generation_batch_size")
            .orElseThrow(
                () ->
                    new ConfigException(
                        "round",
                        round,
                        "say with --generation_batch_size how many completions a round of the run has"));
    ConfigException.require(
        round >= 0 && size >= groups && size % groups == 0,
        "generation_batch_size",
        size,
        "it must be a multiple of num_generations, which is %d, and the round at least 0"
            .formatted(groups));
    PromptOrder order =
        new PromptOrder(
            prompts.size(),
            size / groups,
            settings.isOn("shuffle_dataset") ? RowOrder.RANDOM : RowOrder.SEQUENTIAL,
            settings.optionalInteger("data_seed").orElse(settings.integer("seed")));
    return order.of(prompts, round);
  }

  private static List<List<Prompt>> parts(List<Prompt> prompts, SamplingConfig sampling) {
    int size = Math.max(1, COMPLETIONS_A_PART / sampling.numGenerations());
    List<List<Prompt>> parts = new ArrayList<>();
    for (int from = 0; from < prompts.size(); from += size) {
      parts.add(List.copyOf(prompts.subList(from, Math.min(from + size, prompts.size()))));
    }
    return parts;
  }

  /** With the tokens that end a completion of a model. */
  public static SamplingConfig untilTheEnd(SamplingConfig sampling, TrainedModel model)
      throws IOException {
    java.nio.file.Path checkpoint = model.checkpoint().folder();
    return sampling.withEndTokens(
        EndTokens.of(checkpoint, Tokenizer.load(checkpoint, model.dialect())));
  }
}
