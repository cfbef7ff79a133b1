package org.sparklora.spark.generate;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.model.checkpoint.EndTokens;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.FileList;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.TrainingEnvironment;
import org.sparklora.train.ContextLength;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.GenerateStage;
import org.sparklora.train.grpo.Sampler;
import org.sparklora.train.vllm.VllmServers;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * {@code generate}: completes prompts by an open model, on executors or in this process. Not
 * thread-safe.
 */
public final class GenerateJob implements AutoCloseable {
  /** Enough completions for an executor to keep its batch full, few enough to lose little. */
  private static final int COMPLETIONS_A_PART = 256;

  /** Completions of a part for servers, whose client divides a part over all of them. */
  private static final int COMPLETIONS_OF_SERVERS = 4096;

  private final GenerateConfig config;
  private final AdaptedModel adapted;
  private final SamplingConfig sampling;
  private final ContextLength context;
  private Optional<VllmServers> servers = Optional.empty(); // opened with the first prompts

  private GenerateJob(GenerateConfig config, AdaptedModel adapted) throws IOException {
    TrainedModel model = adapted.model();
    SamplingConfig drawn =
        config.ignoreEos() ? config.sampling() : untilTheEnd(config.sampling(), model);
    this.config = config;
    this.adapted = adapted;
    this.sampling =
        config.round().map(one -> GenerateStage.sampling(drawn, one.number())).orElse(drawn);
    this.context = new ContextLength(model.config());
  }

  /**
   * Opens the model, to be called before the output is claimed.
   *
   * @throws ConfigException for settings that cannot be used
   */
  public static GenerateJob open(Configuration hadoop, GenerateConfig config) throws IOException {
    AdaptedModel adapted = AdaptedModel.open(hadoop, config.model());
    try {
      return new GenerateJob(config, adapted);
    } catch (IOException | RuntimeException e) {
      adapted.close();
      throw e;
    }
  }

  /**
   * Completes prompts into a table of Parquet, which appears when it is complete.
   *
   * @param overwrite whether the output may replace another
   * @throws ConfigException for settings that cannot be used
   */
  public static void run(
      TrainingEnvironment place,
      GenerateConfig config,
      List<Prompt> prompts,
      String output,
      boolean overwrite)
      throws IOException {
    Configuration hadoop = place.hadoop();
    PreparedTables.requireApart(hadoop, output, config.model().places());
    try (GenerateJob job = open(hadoop, config);
        OutputFolder folder = OutputFolder.create(hadoop, output, overwrite)) {
      List<String> written = new ArrayList<>();
      job.run(
          place.sharing(config.workers()),
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

  public TrainedModel model() {
    return adapted.model();
  }

  /**
   * Checks a prompt before its completion.
   *
   * @throws TableException if it leaves no room for a completion in the model's context
   */
  public void check(Prompt prompt) {
    context.check(prompt.id(), prompt.tokens().length, sampling.maxCompletionLength());
  }

  /**
   * Completes prompts on workers, which may do other work as well, and hands over the completions
   * part by part, in the prompts' order.
   */
  public void run(Workers workers, List<Prompt> prompts, Consumer<List<Generation>> completed) {
    prompts.forEach(this::check);
    try (SharedVector shared = workers.lend(adapted.parameters())) {
      stage(workers, shared, prompts)
          .run(parts(config.round().map(one -> one.of(prompts)).orElse(prompts)), completed);
    }
  }

  private GenerateStage stage(Workers workers, SharedVector shared, List<Prompt> prompts) {
    if (servers.isEmpty()) {
      servers = config.vllm().map(named -> VllmServers.open(named, model(), prompts, sampling));
    }
    Sampler sampler =
        servers
            .map(opened -> opened.sampler(adapted.parameters(), "given"))
            .orElseGet(() -> new Sampler.Decoder(model(), shared));
    return new GenerateStage(workers, sampler, model().tokenizer(), sampling, adapted.version());
  }

  private List<List<Prompt>> parts(List<Prompt> prompts) {
    int most = config.vllm().isPresent() ? COMPLETIONS_OF_SERVERS : COMPLETIONS_A_PART;
    return Workers.batches(prompts, Math.max(1, most / sampling.numGenerations()));
  }

  /** Completes checked prompts in this process: as one part, or by servers in several. */
  public void complete(List<Prompt> prompts, Consumer<List<Generation>> completed) {
    Workers here = new LocalWorkers();
    try (SharedVector lent = here.lend(adapted.parameters())) {
      List<List<Prompt>> parts = config.vllm().isPresent() ? parts(prompts) : List.of(prompts);
      stage(here, lent, prompts).run(parts, completed);
    }
  }

  /** Sampling settings with the tokens that end a completion of a model. */
  public static SamplingConfig untilTheEnd(SamplingConfig sampling, TrainedModel model)
      throws IOException {
    return sampling.withEndTokens(EndTokens.of(model.checkpoint().folder(), model.tokenizer()));
  }

  @Override
  public void close() {
    servers.ifPresent(VllmServers::close);
    adapted.close();
  }
}
