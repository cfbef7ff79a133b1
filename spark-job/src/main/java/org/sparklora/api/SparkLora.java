package org.sparklora.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepJob;
import org.sparklora.prep.TableConfig;
import org.sparklora.prep.TableKind;
import org.sparklora.prep.TableManifest;
import org.sparklora.prep.TableOrigin;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.curate.CurateJob;
import org.sparklora.prep.settings.PrepSettings;
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.reward.job.SelectConfig;
import org.sparklora.reward.job.SelectJob;
import org.sparklora.spark.eval.EvalJob;
import org.sparklora.spark.eval.MathEvalConfig;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.grpo.ExternalRewardsJob;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoJob;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.HubPush;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.PushConfig;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;
import org.sparklora.train.EvalMetrics;
import org.sparklora.train.TrainerState;

/**
 * The commands, as methods on a Spark session that stays open. Each method does the work of the
 * command of its name and fails as the command does, with {@link ConfigException} for settings that
 * cannot be used, before any work; {@link org.sparklora.pipeline.table.TableException} for data
 * that is damaged or missing. {@link Failure#message} is the line that the command prints.
 *
 * <p>Only one run trains at a time in a JVM; methods that do not train may be called from several
 * threads.
 */
public final class SparkLora {
  private final SparkSession spark;
  private final Configuration hadoop;
  private final Stoppable stoppable;

  private SparkLora(SparkSession spark) {
    this.spark = spark;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
    this.stoppable = new Stoppable(spark);
  }

  /** The commands on a session, which the caller closes. */
  public static SparkLora on(SparkSession spark) {
    ScratchPlace.ofSession(spark.sparkContext().getConf().get("spark.local.dir", ""));
    return new SparkLora(spark);
  }

  /**
   * Ends the work of this object with a {@link java.util.concurrent.CancellationException} and
   * cancels its Spark jobs; a run's checkpoints stay. This object trains nothing more; work of
   * other objects goes on. Call it from another thread than the working one, and repeatedly, since
   * the work may have no Spark job at the moment.
   */
  public void stop() {
    stoppable.stop();
  }

  /** {@code sft}: trains an adapter, or all weights, on a dataset. */
  public TrainingResult sft(Request request) throws IOException {
    SftConfig config = sftConfig(request);
    return stoppable.run(() -> sft(config, request.listener()));
  }

  /** {@code sft} of settings that were read before. */
  public TrainingResult sft(SftConfig config, RunListener listener) throws IOException {
    return TrainingResult.of(
        config.output().folder(),
        SftJob.run(SparkSessions.place(spark), config, listener, TrainingRun.TO_THE_END));
  }

  /**
   * Evaluates a model, with the adapter that training would continue, on the split to evaluate on,
   * as {@code sft} does between steps.
   *
   * @return metrics by name, each with the prefix {@code eval_}
   */
  public Map<String, Double> evaluateSft(Request request) throws IOException {
    return named(
        stoppable.run(() -> SftJob.evaluate(SparkSessions.place(spark), sftConfig(request))));
  }

  private SftConfig sftConfig(Request request) {
    return SftConfig.of(
        PreparedTables.decided(hadoop, withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR)));
  }

  /**
   * {@code grpo}: trains an adapter, or all weights, on rewards of the model's own completions;
   * {@link Request#judge} gives the rewards of {@link Request#judged}.
   */
  public TrainingResult grpo(Request request) throws IOException {
    return grpo(request, Optional.empty());
  }

  /** {@code update}: runs only the last stage of a round of {@code grpo}. */
  public TrainingResult update(Request request) throws IOException {
    return grpo(request, Optional.of(request.settings().get(Flags.INPUT)));
  }

  private TrainingResult grpo(Request request, Optional<String> advantages) throws IOException {
    GrpoConfig config = grpoConfig(request);
    return stoppable.run(() -> grpo(config, advantages, judge(request), request.listener()));
  }

  /**
   * {@code grpo}, or {@code update} of a table of advantages, of settings that were read before.
   */
  public TrainingResult grpo(
      GrpoConfig config,
      Optional<String> advantages,
      Optional<ExternalRewardsJob> judge,
      RunListener listener)
      throws IOException {
    return TrainingResult.of(
        config.output().folder(),
        GrpoJob.run(
            SparkSessions.place(spark),
            config,
            advantages,
            judge,
            listener,
            TrainingRun.TO_THE_END));
  }

  /**
   * Evaluates a model for {@code grpo}, as {@link #evaluateSft} does for {@code sft}: completes the
   * split's prompts and judges the completions.
   */
  public Map<String, Double> evaluateGrpo(Request request) throws IOException {
    return named(
        stoppable.run(
            () ->
                GrpoJob.evaluate(SparkSessions.place(spark), grpoConfig(request), judge(request))));
  }

  private Optional<ExternalRewardsJob> judge(Request request) {
    return request.judge().map(judge -> new ExternalRewardsJob(spark, judge, List.of()));
  }

  private GrpoConfig grpoConfig(Request request) {
    return GrpoConfig.of(
        PreparedTables.decided(hadoop, withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR)),
        request.judged());
  }

  private static Map<String, Double> named(EvalMetrics metrics) {
    Map<String, Double> named = new TreeMap<>();
    metrics.metrics().forEach((name, value) -> named.put("eval_" + name, value));
    return named;
  }

  /**
   * {@code prep}: makes a table of packed rows, or of prompts, from a dataset. Idempotent: an
   * existing table of the same settings is used again, unless it is to be overwritten.
   */
  public TableResult prep(Request request) {
    return stoppable.run(
        () -> {
          PrepSettings.requireUseful(request.settings());
          Settings settings = withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR);
          return prep(PrepSettings.table(settings), OutputTable.of(settings));
        });
  }

  /** {@code prep} of settings that were read before. */
  public TableResult prep(TableConfig config, Optional<OutputTable> table) {
    table.ifPresent(rows -> rows.requireWritable(spark));
    TableManifest manifest =
        config.overwrite() ? PrepJob.run(spark, config) : PrepJob.reuseOrRun(spark, config);
    return written(config.outputFolder(), manifest.summary(), table);
  }

  private TableResult written(String folder, String summary, Optional<OutputTable> table) {
    table.ifPresent(rows -> rows.write(spark, folder));
    return new TableResult(folder, summary);
  }

  /** {@code generate} of a table of prompts that {@code prep --task grpo} made. */
  public TableResult generate(Request request) throws IOException {
    return stoppable.run(() -> generateNow(request));
  }

  private TableResult generateNow(Request request) throws IOException {
    Settings settings = request.settings();
    String input = settings.get(Flags.INPUT);
    ConfigException.require(
        request.tables().isEmpty(),
        Flags.INPUT,
        input,
        "generate takes the path of prompts, no table; make one with prep and --task grpo");
    PreparedTables.requireApart(hadoop, settings.get(Flags.OUTPUT), List.of(input));
    GenerateConfig config = GenerateConfig.of(settings);
    ConfigException.require(
        PromptTable.isAt(hadoop, input),
        Flags.INPUT,
        input,
        "it is no table of prompts; make one with prep and --task grpo");
    ModelConfig base = config.model().base();
    PrepConfig.Model text =
        new PrepConfig.Model(base.reference(), "", "", base.dialect(), Map.of());
    TableOrigin.of(hadoop, TableKind.PROMPTS, input)
        .ifPresent(origin -> origin.requireTokenizer(hadoop, Flags.INPUT, text));
    List<Prompt> prompts = PromptTable.read(hadoop, input);
    return generate(
        config,
        prompts,
        settings.get(Flags.OUTPUT),
        settings.get(Flags.OVERWRITE_OUTPUT_DIR),
        OutputTable.of(settings));
  }

  /** {@code generate} of settings and prompts that were read before. */
  public TableResult generate(
      GenerateConfig config,
      List<Prompt> prompts,
      String output,
      boolean overwrite,
      Optional<OutputTable> table)
      throws IOException {
    table.ifPresent(rows -> rows.requireWritable(spark));
    GenerateJob.run(SparkSessions.place(spark), config, prompts, output, overwrite);
    return written(
        output, String.format(Locale.ROOT, "completions of %,d prompts", prompts.size()), table);
  }

  /** {@code reward}: judges a table of generations. */
  public TableResult reward(Request request) {
    return stoppable.run(
        () -> {
          Settings settings = withTables(request, Flags.INPUT, Flags.OUTPUT_DIR);
          return reward(RewardSettings.of(settings, request.judged()), OutputTable.of(settings));
        });
  }

  /** {@code reward} of settings that were read before. */
  public TableResult reward(RewardConfig config, Optional<OutputTable> table) {
    table.ifPresent(rows -> rows.requireWritable(spark));
    return written(config.tables().outputDir(), RewardJob.run(spark, config).toJson(), table);
  }

  /** {@code curate}: removes rows of a dataset; the table's folder has them as well. */
  public TableResult curate(Request request) {
    return stoppable.run(
        () -> {
          CurateConfig config =
              PrepSettings.curate(withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR));
          return new TableResult(config.outputFolder(), CurateJob.run(spark, config).summary());
        });
  }

  /** {@code select}: makes a dataset of the correct completions, or the prompts, of a table. */
  public TableResult select(Request request) {
    return stoppable.run(
        () -> {
          SelectConfig config =
              RewardSettings.select(withTables(request, Flags.INPUT, Flags.OUTPUT_DIR));
          return new TableResult(config.tables().outputDir(), SelectJob.run(spark, config));
        });
  }

  /** {@code eval}: measures how many problems a model solves. */
  public EvalResult evaluate(Request request) throws IOException {
    return stoppable.run(
        () -> {
          Settings settings = withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR);
          return evaluate(
              settings,
              MathEvalConfig.ofEach(hadoop, PreparedTables.decided(hadoop, settings)),
              OutputTable.of(settings));
        });
  }

  /**
   * {@code eval} of settings that were read before. For checkpoints, {@code checkpoints} in the
   * summary has each one's summary by its folder's name; the result's folder holds theirs.
   *
   * @param configs {@link MathEvalConfig#ofEach} of the settings
   */
  public EvalResult evaluate(
      Settings settings, List<MathEvalConfig> configs, Optional<OutputTable> table)
      throws IOException {
    String output = configs.get(0).output();
    if (!settings.find(Flags.CHECKPOINTS).orElse("").isEmpty()) {
      Map<String, Object> all = EvalJob.runEach(SparkSessions.place(spark), configs);
      return new EvalResult(new Path(output).getParent().toString(), all);
    }
    table.ifPresent(rows -> rows.requireWritable(spark));
    Map<String, Object> summary = EvalJob.run(SparkSessions.place(spark), configs.get(0));
    table.ifPresent(rows -> rows.write(spark, output));
    return new EvalResult(output, summary);
  }

  /** {@code push}: pushes a finished run's folder; returns the hub's repository, branch, commit. */
  public static String push(Settings settings) throws IOException {
    return push(settings, HadoopSettings.configuration());
  }

  /** {@code push} by a session's settings of file systems, which this process may lack. */
  public static String push(Settings settings, Configuration hadoop) throws IOException {
    String folder = settings.get(Flags.INPUT);
    try (RunFolder.Finished run = RunFolder.claim(hadoop, folder)) {
      PushConfig config = PushConfig.of(settings, folder, PushConfig.Strategy.END);
      return HubPush.open(hadoop, config).pushResults(run.path());
    }
  }

  /** The log of a run that has results, {@code trainer_state.json}; empty if there is none. */
  public String log(String folder) throws IOException {
    Path file = new Path(folder, TrainerState.FILE_NAME);
    FileSystem files = file.getFileSystem(hadoop);
    if (!files.exists(file)) {
      return "";
    }
    try (InputStream in = files.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Whether a run in this folder could go on from a checkpoint. */
  public boolean hasCheckpoint(String folder) throws IOException {
    return !RunFolder.checkpoints(hadoop, folder).isEmpty();
  }

  /**
   * Copies a run's results, without its checkpoints and the tables of its rounds, into a new folder
   * that appears when it is complete.
   *
   * @param overwrite whether it may replace a folder's results
   * @throws ConfigException if {@code to} is not empty and may not be replaced, if it is or holds
   *     {@code from}, or if the run goes on
   */
  public void copyResults(String from, String to, boolean overwrite) throws IOException {
    ResultsCopy.write(hadoop, from, to, overwrite);
  }

  /**
   * {@code merge}: writes a base model and its adapter as one plain checkpoint folder, which
   * appears when it is complete. A folder with content is refused, unless it may be overwritten,
   * and then stays until the new one is complete.
   *
   * @return names of the base model and the adapter
   */
  public static String merge(Settings settings) throws IOException {
    return MergedModel.write(settings);
  }

  /** Writes the request's tables, if any; returns the settings with their path. */
  private Settings withTables(Request request, Flag<String> input, Flag<String> output) {
    Settings settings = request.settings();
    if (request.tables().isEmpty()) {
      return settings;
    }
    ConfigException.require(
        !settings.isGiven(input),
        input,
        settings.text(input),
        "the dataset came as a table; leave one of them out");
    String folder = new Path(OutputFolder.named(settings.get(output))) + ".dataset";
    String dataset = DatasetTable.write(spark, folder, request.tables());
    return settings.withDefault(
        input, input == Flags.INPUT ? dataset + "/" + DatasetTable.FILES : dataset);
  }
}
