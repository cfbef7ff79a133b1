package org.sparklora.api;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;
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
import org.sparklora.reward.job.RewardConfig;
import org.sparklora.reward.job.RewardJob;
import org.sparklora.spark.eval.EvalJob;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.generate.GenerateJob;
import org.sparklora.spark.grpo.ExternalRewardsJob;
import org.sparklora.spark.grpo.GrpoConfig;
import org.sparklora.spark.grpo.GrpoJob;
import org.sparklora.spark.grpo.RewardSettings;
import org.sparklora.spark.prep.PrepSettings;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.run.HubPush;
import org.sparklora.spark.run.PushConfig;
import org.sparklora.spark.run.RunControl;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.spark.sft.SftJob;
import org.sparklora.spark.train.EvalMetrics;
import org.sparklora.spark.train.TrainerState;

/**
 * The commands, as methods on a Spark session that stays open. Each does what the command of its
 * name does and throws what that fails with: {@link ConfigException} for settings that cannot be
 * used, before any work; {@link org.sparklora.pipeline.table.TableException} for data that is
 * damaged or missing. {@link Failure#message} is the line that the command prints.
 *
 * <p>One run trains at a time in a JVM; the others may be called from several threads.
 */
public final class SparkLora {
  /** What a table is for: the command that trains on it. */
  private enum Task {
    SFT,
    GRPO;

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  private final SparkSession spark;
  private final Configuration hadoop;
  private final Stoppable stoppable;

  private SparkLora(SparkSession spark) {
    this.spark = spark;
    this.hadoop = spark.sparkContext().hadoopConfiguration();
    this.stoppable = new Stoppable(spark);
  }

  /** On a session, which is the caller's to close. */
  public static SparkLora on(SparkSession spark) {
    ScratchPlace.ofSession(spark.sparkContext().getConf().get("spark.local.dir", ""));
    return new SparkLora(spark);
  }

  /**
   * Has what runs by this object end with a {@link java.util.concurrent.CancellationException}, and
   * its Spark jobs be cancelled; a run's checkpoints stay. This object trains nothing more; what
   * runs by others goes on. For another thread than the one that it holds up; again, since there
   * may be no job at the moment.
   */
  public void stop() {
    stoppable.stop();
  }

  /** {@code sft}: trains an adapter, or all weights, on a dataset. */
  public TrainingResult sft(Request request) throws IOException {
    SftConfig config = sftConfig(request);
    TrainingRun.Result result =
        stoppable.run(
            () ->
                SftJob.run(
                    SparkSessions.place(spark), config, RunControl.heardBy(request.listener())));
    return TrainingResult.of(config.output().folder(), result);
  }

  /**
   * Measures a model, with the adapter that it would go on from, on the split to evaluate on, as
   * {@code sft} does on the way.
   *
   * @return by name, with {@code eval_} before each
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
   * {@code grpo}: trains an adapter, or all weights, on rewards of its own completions; those of
   * {@link Request#judged} are given by {@link Request#judge}.
   */
  public TrainingResult grpo(Request request) throws IOException {
    return grpo(request, Optional.empty());
  }

  /** {@code update}: the last stage of a round of {@code grpo} alone. */
  public TrainingResult update(Request request) throws IOException {
    return grpo(request, Optional.of(request.settings().get(Flags.INPUT)));
  }

  private TrainingResult grpo(Request request, Optional<String> advantages) throws IOException {
    GrpoConfig config = grpoConfig(request);
    TrainingRun.Result result =
        stoppable.run(
            () ->
                GrpoJob.run(
                    SparkSessions.place(spark),
                    config,
                    advantages,
                    judge(request),
                    RunControl.heardBy(request.listener())));
    return TrainingResult.of(config.output().folder(), result);
  }

  /**
   * The same as {@link #evaluateSft} for {@code grpo}: the split's prompts, completed and judged.
   */
  public Map<String, Double> evaluateGrpo(Request request) throws IOException {
    return named(
        stoppable.run(
            () ->
                GrpoJob.evaluate(SparkSessions.place(spark), grpoConfig(request), judge(request))));
  }

  private Optional<ExternalRewardsJob> judge(Request request) {
    return request.judge().map(judge -> ExternalRewardsJob.on(spark, judge));
  }

  private GrpoConfig grpoConfig(Request request) {
    Settings settings = withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR);
    return GrpoConfig.of(
        PreparedTables.decided(hadoop, settings, Flags.DATASET_TRAIN_SPLIT), request.judged());
  }

  private static Map<String, Double> named(EvalMetrics metrics) {
    Map<String, Double> named = new TreeMap<>();
    metrics.metrics().forEach((name, value) -> named.put("eval_" + name, value));
    return named;
  }

  /**
   * {@code prep}: a dataset becomes a table of packed rows, or of prompts. One that is there and is
   * what the settings give is used again, unless it is to be overwritten: who repeats a request, as
   * schedulers do, gets the same.
   */
  public TableResult prep(Request request) {
    return stoppable.run(() -> prepNow(request));
  }

  private TableResult prepNow(Request request) {
    requireUseful(request.settings());
    Settings settings = withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR);
    String folder = settings.get(Flags.OUTPUT_DIR);
    Optional<OutputTable> table = writable(settings);
    TableConfig<?> config = prepConfig(settings);
    TableManifest<?> manifest =
        config.overwrite() ? PrepJob.run(spark, config) : PrepJob.reuseOrRun(spark, config);
    table.ifPresent(rows -> rows.write(spark, folder));
    return new TableResult(folder, manifest.summary());
  }

  /** The table that gets the rows of a result as well, if one is wanted. */
  private Optional<OutputTable> writable(Settings settings) {
    Optional<OutputTable> table = OutputTable.of(settings);
    table.ifPresent(rows -> rows.requireWritable(spark));
    return table;
  }

  /**
   * Looks at {@code prep}'s settings, and at what it would read.
   *
   * @throws ConfigException for what cannot be used, or that the task has no use for
   */
  public static void requirePrep(Settings settings, Configuration hadoop) {
    OutputTable.of(settings);
    requireUseful(settings);
    PrepJob.requireInputs(hadoop, prepConfig(settings));
  }

  private static void requireUseful(Settings settings) {
    Task task = settings.get(Flags.TASK, Task.class);
    settings.requireUseful(task.word(), Stream.of(Task.values()).map(Task::word).toList());
  }

  private static TableConfig<?> prepConfig(Settings settings) {
    String folder = settings.get(Flags.OUTPUT_DIR);
    return switch (settings.get(Flags.TASK, Task.class)) {
      case SFT -> PrepSettings.of(settings, folder);
      case GRPO -> PrepSettings.prompts(settings, folder);
    };
  }

  /** {@code generate} of a table of prompts that {@code prep --task grpo} made. */
  public TableResult generate(Request request) throws IOException {
    return stoppable.run(() -> generateNow(request));
  }

  private TableResult generateNow(Request request) throws IOException {
    Settings settings = request.settings();
    String input = settings.get(Flags.INPUT);
    GenerateConfig config = GenerateConfig.of(settings);
    ConfigException.require(
        PromptTable.isAt(hadoop, input),
        Flags.INPUT,
        input,
        "it is no table of prompts; make one with prep and --task grpo");
    TableOrigin.of(hadoop, TableKind.PROMPTS, input)
        .ifPresent(origin -> origin.requireTokenizer(hadoop, Flags.INPUT, text(config.model())));
    List<Prompt> prompts = PromptTable.open(hadoop, input).readAll();
    Optional<OutputTable> table = writable(settings);
    String output = settings.get(Flags.OUTPUT);
    TableResult result =
        generate(config, prompts, output, settings.get(Flags.OVERWRITE_OUTPUT_DIR));
    table.ifPresent(rows -> rows.write(spark, output));
    return result;
  }

  /** Where the model's tokenizer is. */
  private static PrepConfig.Model text(GenerateConfig.Model model) {
    return new PrepConfig.Model(model.base(), "", "", model.dialect());
  }

  /** The same for prompts that were read already. */
  public TableResult generate(
      GenerateConfig config, List<Prompt> prompts, String output, boolean overwrite)
      throws IOException {
    GenerateJob.check(spark, config);
    GenerateJob.run(spark, config, prompts, output, overwrite);
    return new TableResult(
        output, String.format(Locale.ROOT, "completions of %,d prompts", prompts.size()));
  }

  /** {@code reward}: judges a table of generations. */
  public TableResult reward(Request request) {
    return stoppable.run(() -> rewardNow(request));
  }

  private TableResult rewardNow(Request request) {
    Settings settings = withTables(request, Flags.INPUT, Flags.OUTPUT_DIR);
    RewardConfig config = rewardConfig(settings, request.judged());
    Optional<OutputTable> table = writable(settings);
    String folder = config.tables().outputDir();
    String summary = RewardJob.run(spark, config).toJson();
    table.ifPresent(rows -> rows.write(spark, folder));
    return new TableResult(folder, summary);
  }

  /** What {@code reward} needs to know; a name that stands for no reward is refused. */
  public static RewardConfig rewardConfig(Settings settings, Set<String> judged) {
    ConfigException.require(
        OutputTable.of(settings).isEmpty()
            || settings.get(Flags.OUTPUT_FORMAT, RewardConfig.Format.class)
                == RewardConfig.Format.PARQUET,
        Flags.OUTPUT_TABLE,
        settings.text(Flags.OUTPUT_TABLE),
        "a table is made of Parquet; leave --output_format out");
    return new RewardConfig(
        new RewardConfig.Tables(
            settings.get(Flags.INPUT),
            settings.get(Flags.OUTPUT_DIR),
            settings.get(Flags.OUTPUT_FORMAT, RewardConfig.Format.class),
            settings.get(Flags.OVERWRITE_OUTPUT_DIR),
            settings.find(Flags.NUM_GENERATIONS).orElse(0)),
        RewardSettings.functions(settings, judged),
        RewardSettings.advantages(settings));
  }

  /** {@code eval}: how many problems a model solves. */
  public EvalResult evaluate(Request request) throws IOException {
    return stoppable.run(() -> evaluateNow(request));
  }

  private EvalResult evaluateNow(Request request) throws IOException {
    Settings settings = withTables(request, Flags.DATASET_NAME, Flags.OUTPUT_DIR);
    Optional<OutputTable> table = writable(settings);
    String folder = settings.get(Flags.OUTPUT_DIR);
    EvalResult result = new EvalResult(folder, EvalJob.run(spark, settings));
    table.ifPresent(rows -> rows.write(spark, folder));
    return result;
  }

  /**
   * {@code push}: a finished run's folder goes to the hub.
   *
   * @return where it lies there
   */
  public static String push(Settings settings) throws IOException {
    String folder = settings.get(Flags.INPUT);
    Configuration configuration = HadoopSettings.configuration();
    try (RunFolder.Finished run = RunFolder.claim(configuration, folder)) {
      PushConfig config = PushConfig.of(settings, folder, PushConfig.Strategy.END);
      return HubPush.open(configuration, config).pushResults(run.path());
    }
  }

  /**
   * The log of a run that has results.
   *
   * @return {@code trainer_state.json}; empty if there is none
   */
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

  /**
   * Copies a run's results, without its checkpoints and the tables of its rounds, into a new folder
   * that appears when it is whole.
   *
   * @param overwrite whether it may replace a folder's results
   * @throws ConfigException if there is something in it already, or a run is going on
   */
  public void copyResults(String from, String to, boolean overwrite) throws IOException {
    ResultsCopy.write(hadoop, from, to, overwrite);
  }

  /**
   * {@code merge}: a base model and its adapter as one plain checkpoint folder, which appears when
   * it is whole. One with something in it is refused, unless it may be overwritten, and then stays
   * until the new one is whole.
   *
   * @return what is there now
   */
  public static String merge(Settings settings) throws IOException {
    return MergedModel.write(settings);
  }

  /** The settings, with the path under which the request's tables lie now. */
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
    String folder = new Path(settings.get(output)) + ".dataset";
    String dataset = DatasetTable.write(spark, folder, request.tables());
    return settings.withDefault(
        input, input == Flags.INPUT ? dataset + "/" + DatasetTable.FILES : dataset);
  }
}
