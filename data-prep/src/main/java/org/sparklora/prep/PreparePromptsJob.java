package org.sparklora.prep;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.document.PromptReport;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.table.SourceTables;

/**
 * {@code prep --task grpo}: a dataset of problems becomes a prompts table. Two Spark stages, a task
 * a split and a task an output file: a prompt's number is known once all splits before it are
 * counted.
 *
 * <p>One object prepares one table, on the driver's thread.
 */
public final class PreparePromptsJob {
  private static final Logger LOG = LoggerFactory.getLogger(PreparePromptsJob.class);

  /** Inside of the in-progress folder, hence gone when the table is there or the run failed. */
  private static final String PARTS = "_parts";

  private final Configuration configuration;
  private final PromptsConfig config;
  private final TextSource text;
  private final DatasetInput dataset;
  private final Set<String> columns;
  private final String format;
  private final List<String> leftOut;
  private final ModelText read;

  /**
   * Looks at the dataset and the tokenizer; reads only the first rows.
   *
   * @param dataset of {@code config.source()}
   */
  private PreparePromptsJob(
      Configuration configuration, PromptsConfig config, DatasetInput dataset) {
    this.configuration = configuration;
    this.config = config;
    this.dataset = dataset;
    Map<String, Object> sample = dataset.sample(configuration);
    ProblemFormat problems = new ProblemFormat(config.source().columns().prompt());
    problems.requireProblems(sample);
    this.format = problems.description(sample);
    this.columns = new TreeSet<>(problems.columns(sample));
    this.leftOut = problems.leftOut(sample);
    this.text = TextSource.locate(configuration, config.model());
    this.read = ModelText.load(text);
    requireText();
  }

  private static PreparePromptsJob of(SparkSession session, PromptsConfig config) {
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    PrepConfig.Source source = config.source();
    return new PreparePromptsJob(
        configuration,
        config,
        DatasetInput.find(
            configuration,
            source,
            () -> SourceTables.open(session, source.dataset(), source.query())));
  }

  /**
   * Looks at the dataset and the tokenizer as {@link #run} does, without a session; tables, which
   * only a session finds, are not looked at.
   *
   * @throws ConfigException when one of them is not what the settings need
   */
  public static void requireInputs(Configuration configuration, PromptsConfig config) {
    DatasetInput.findFiles(configuration, config.source())
        .ifPresent(dataset -> new PreparePromptsJob(configuration, config, dataset));
  }

  private PrepManifest.Inputs inputs() {
    return new PrepManifest.Inputs(
        PromptsManifest.FORMAT_VERSION,
        config.settings(),
        format,
        read.tokenizerSha256().orElseThrow(),
        read.templateSha256().orElse(""),
        read.specialTokens(),
        dataset.fingerprint(configuration),
        dataset.origin());
  }

  private void requireText() {
    ConfigException.require(
        read.tokenizer().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        text.model().name(),
        "there is no tokenizer.json in it; name a folder with a Hugging Face checkpoint");
    ConfigException.require(
        read.template().isPresent() || config.systemPrompt().isEmpty(),
        Flags.SYSTEM_PROMPT,
        config.systemPrompt(),
        "the model has no chat template that could place it; name one with --chat_template_path");
  }

  /**
   * Prepares the table.
   *
   * @return the manifest, which lies in the output folder as well
   * @throws ConfigException when the dataset, the tokenizer, or the output folder is not what the
   *     settings need
   * @throws TableException when a row is bad and bad rows are not to be skipped; it says where
   */
  public static PromptsManifest run(SparkSession session, PromptsConfig config) {
    PreparePromptsJob job = of(session, config);
    return job.prepare(session, job.inputs(), config.overwrite());
  }

  /** As {@link #reuseOrRun(SparkSession, PromptsConfig, Flag)}, into {@code output_dir}. */
  public static PromptsManifest reuseOrRun(SparkSession session, PromptsConfig config) {
    return reuseOrRun(session, config, Flags.OUTPUT_DIR);
  }

  /**
   * As {@link #run}, unless the output folder holds the table that these settings give: then
   * nothing is done and it is used.
   *
   * @param folderKey the setting that names the output folder
   * @throws ConfigException also when the folder holds another table and may not be overwritten; it
   *     says how that one was made
   */
  public static PromptsManifest reuseOrRun(
      SparkSession session, PromptsConfig config, Flag<?> folderKey) {
    PreparePromptsJob job = of(session, config);
    PrepManifest.Inputs inputs = job.inputs();
    Path folder = new Path(config.outputFolder());
    Optional<PromptsManifest> there =
        PromptsManifest.find(job.configuration, config.outputFolder());
    Optional<PromptsManifest> reusable =
        there.filter(manifest -> manifest.fits(inputs, job.configuration, folder));
    if (reusable.isPresent()) {
      OutputFolder.tidy(job.configuration, folder);
      LOG.info("Using the prompts in {} again", folder);
      return reusable.get();
    }
    there.ifPresent(
        manifest ->
            TableOrigin.requireReplaceable(
                folderKey, config.outputFolder(), config.overwrite(), manifest.inputs(), inputs));
    return job.prepare(session, inputs, config.overwrite() || there.isPresent());
  }

  /** Makes the table; {@code overwrite} says whether what is in its folder may be replaced. */
  private PromptsManifest prepare(
      SparkSession session, PrepManifest.Inputs inputs, boolean overwrite) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    long started = System.nanoTime();
    LOG.info("Preparing prompts of {}: {}", dataset.description(), format);
    if (!leftOut.isEmpty()) {
      LOG.info("Rewards do not see the columns {}, whose values are long", leftOut);
    }
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), overwrite)) {
      Path parts = new Path(output.work(), PARTS);
      List<PromptReport> reports = tokenize(spark, parts);
      List<PromptFile> files = PromptFile.plan(reports);
      number(spark, files, parts, output.work());
      delete(parts);
      PromptsManifest manifest =
          new PromptsManifest(
              inputs,
              config.model().reference().name(),
              dataset.counts().prompts(reports),
              ManifestFile.describe(
                  configuration,
                  output.work(),
                  IntStream.range(0, files.size())
                      .mapToObj(i -> PromptTable.fileName(i, files.size()))
                      .toList(),
                  files.stream().map(PromptFile::prompts).toList()),
              (System.nanoTime() - started) / 1e9);
      manifest.write(configuration, output.work());
      output.commit();
      return manifest;
    }
  }

  /** First stage: the prompts of each split to a file. */
  private List<PromptReport> tokenize(JavaSparkContext spark, Path parts) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    TextSource source = text;
    PromptsConfig settings = config;
    Set<String> wanted = columns;
    String folder = parts.toString();
    List<PromptReport> reports =
        new SparkStage(spark, "prompts")
            .run(
                dataset.readable(configuration, spark.isLocal(), parts),
                (index, split, tokens) ->
                    PromptSplit.run(
                        hadoop.value(),
                        source,
                        settings,
                        wanted,
                        split,
                        PromptFile.part(new Path(folder), index),
                        tokens));
    PrepCounts counts = dataset.counts();
    reports.forEach(report -> counts.add(report.rows()));
    counts.problems().forEach(problem -> LOG.warn(BadRowException.skipped(problem)));
    dataset.requireRows(
        counts.usableDocuments() > 0,
        "none of its %s rows gives a prompt, %s were longer than max_prompt_length"
            .formatted(counts.rowsIn(), reports.stream().mapToLong(PromptReport::tooLong).sum()));
    return reports;
  }

  /** Second stage: the prompts of consecutive splits to a file, numbered through. */
  private void number(JavaSparkContext spark, List<PromptFile> files, Path parts, Path output) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    String source = parts.toString();
    String target = output.toString();
    int count = files.size();
    new SparkStage(spark, "number prompts")
        .run(
            files,
            (index, file, tokens) ->
                file.write(
                    hadoop.value(),
                    new Path(source),
                    new Path(target, PromptTable.fileName(index, count))));
  }

  private void delete(Path folder) {
    try {
      folder.getFileSystem(configuration).delete(folder, true);
    } catch (IOException e) {
      throw new TableException(
          "Cannot delete %s (%s): look at the disk".formatted(folder, e.getMessage()), e);
    }
  }
}
