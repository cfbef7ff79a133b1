package org.sparklora.prep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.document.RowFileReport;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.pack.Packer;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.table.SourceTables;

/**
 * {@code prep}: a dataset becomes a packed table. Two Spark stages, a task a split and a task an
 * output file, with the documents in files between them (see {@code
 * docs/decisions/004-row-order-and-packing-shards.md}).
 *
 * <p>One object prepares one table, on the driver's thread.
 */
public final class PackSftJob {
  private static final Logger LOG = LoggerFactory.getLogger(PackSftJob.class);

  /** Inside of the in-progress folder, hence gone when the table is there or the run failed. */
  private static final String DOCUMENTS = "_documents";

  private final Configuration configuration;
  private final PrepConfig config;
  private final TextSource text;
  private final DatasetInput dataset;
  private final DatasetFormat format;
  private final PrepTokenizer tokenizer;

  /**
   * Looks at the dataset and the tokenizer; reads only as much as recognising the format takes.
   *
   * @param dataset of {@code config.source()}
   */
  private PackSftJob(Configuration configuration, PrepConfig config, DatasetInput dataset) {
    this.configuration = configuration;
    this.config = config;
    this.dataset = dataset;
    this.format = recognise();
    this.text = TextSource.locate(configuration, config.model());
    this.tokenizer = PrepTokenizer.of(text, ModelText.load(text), config);
    requireText();
  }

  private static PackSftJob of(SparkSession session, PrepConfig config) {
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    PrepConfig.Source source = config.source();
    return new PackSftJob(
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
  public static void requireInputs(Configuration configuration, PrepConfig config) {
    DatasetInput.findFiles(configuration, config.source())
        .ifPresent(dataset -> new PackSftJob(configuration, config, dataset));
  }

  private PrepManifest.Inputs inputs() {
    return new PrepManifest.Inputs(
        PrepManifest.FORMAT_VERSION,
        config.settings(),
        format.description(),
        tokenizer.tokenizerSha256().orElse(""),
        tokenizer.templateSha256().orElse(""),
        tokenizer.specialTokens(),
        dataset.fingerprint(configuration),
        dataset.origin());
  }

  /**
   * Prepares the table.
   *
   * @return the manifest, which lies in the output folder as well
   * @throws ConfigException when the dataset, the tokenizer, or the output folder is not what the
   *     settings need
   * @throws TableException when a row is bad and bad rows are not to be skipped; it says where
   */
  public static PrepManifest run(SparkSession session, PrepConfig config) {
    PackSftJob job = of(session, config);
    return job.prepare(session, job.inputs(), config.overwrite());
  }

  /** As {@link #reuseOrRun(SparkSession, PrepConfig, Flag)}, into {@code output_dir}. */
  public static PrepManifest reuseOrRun(SparkSession session, PrepConfig config) {
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
  public static PrepManifest reuseOrRun(
      SparkSession session, PrepConfig config, Flag<?> folderKey) {
    PackSftJob job = of(session, config);
    PrepManifest.Inputs inputs = job.inputs();
    Path folder = new Path(config.outputFolder());
    Optional<PrepManifest> there = PrepManifest.read(job.configuration, folder);
    Optional<PrepManifest> reusable =
        there.filter(manifest -> manifest.fits(inputs, job.configuration, folder));
    if (reusable.isPresent()) {
      OutputFolder.tidy(job.configuration, folder);
      LOG.info("Using the packed table in {} again", folder);
      return reusable.get();
    }
    there.ifPresent(
        manifest ->
            TableOrigin.requireReplaceable(
                folderKey, config.outputFolder(), config.overwrite(), manifest.inputs(), inputs));
    return job.prepare(session, inputs, config.overwrite() || there.isPresent());
  }

  private DatasetFormat recognise() {
    Map<String, Object> sample = dataset.sample(configuration);
    PrepConfig.Source source = config.source();
    DatasetFormat recognised =
        new DatasetFormats(source.columns(), source.useSystemColumn(), config.loss())
            .recognise(sample);
    ConfigException.require(
        !(recognised instanceof DatasetFormat.Tokenized) || !sample.containsKey("seq_lengths"),
        Flags.DATASET_NAME,
        source.dataset(),
        "its rows are packed already (column seq_lengths), and packed again their documents would see each other; name the folder that prep made, with its manifest, or a dataset of one document a row");
    if (recognised instanceof DatasetFormat.Tokenized tokens
        && !tokens.useCompletionMask()
        && sample.containsKey("completion_mask")) {
      LOG.warn(
          "Column completion_mask is not used and every token counts, as in TRL; --completion_only_loss uses it");
    }
    return recognised;
  }

  /** What the dataset's format needs of the model folder. */
  private void requireText() {
    ConfigException.require(
        format instanceof DatasetFormat.Tokenized || tokenizer.tokenizerSha256().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        text.model().name(),
        "there is no tokenizer.json in it, and the dataset has %s; name a folder with a Hugging Face checkpoint"
            .formatted(format.description()));
    ConfigException.require(
        !format.conversational() || tokenizer.templateSha256().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        text.model().name(),
        "it has no chat template, and the dataset has %s; name one with --chat_template_path"
            .formatted(format.description()));
    ConfigException.require(
        !config.assistantOnlyLoss() || format.conversational(),
        Flags.ASSISTANT_ONLY_LOSS,
        true,
        "it needs conversations, and the dataset has " + format.description());
    if (config.loss() == DatasetFormats.Loss.COMPLETION
        && format instanceof DatasetFormat.Conversations) {
      LOG.warn(
          "completion_only_loss has no effect on {}: every token counts, as in TRL",
          format.description());
    }
  }

  /** Makes the table; {@code overwrite} says whether what is in its folder may be replaced. */
  private PrepManifest prepare(
      SparkSession session, PrepManifest.Inputs inputs, boolean overwrite) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    long started = System.nanoTime();
    LOG.info("Preparing {}: {}", dataset.description(), format.description());
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), overwrite)) {
      Path documents = new Path(output.work(), DOCUMENTS);
      List<int[]> lengths = tokenize(spark, documents);
      List<ShardPlan.RowFile> rowFiles = ShardPlan.of(lengths, config.packing().batchSize());
      List<RowFileReport> written = pack(spark, rowFiles, documents, output.work());
      delete(documents);
      PrepManifest manifest =
          new PrepManifest(
              inputs,
              config.model().reference().name(),
              dataset.counts().total(written, config.maxLength()),
              tableFiles(output.work(), written),
              (System.nanoTime() - started) / 1e9);
      manifest.write(configuration, output.work());
      output.commit();
      return manifest;
    }
  }

  /** First stage: documents to files. Returns the length of each document, by split. */
  private List<int[]> tokenize(JavaSparkContext spark, Path documents) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    TextSource source = text;
    PrepConfig settings = config;
    DatasetFormat columns = format;
    String folder = documents.toString();
    List<SplitReport> reports =
        new SparkStage(spark, "tokenize")
            .run(
                dataset.readable(configuration, spark.isLocal(), documents),
                (index, split, tokens) ->
                    TokenizeSplit.run(
                        hadoop.value(),
                        source,
                        settings,
                        columns,
                        split,
                        PackRowFile.documentFile(new Path(folder), index),
                        tokens));
    List<int[]> lengths = new ArrayList<>();
    for (SplitReport report : reports) {
      dataset.counts().add(report);
      lengths.add(report.lengths());
    }
    PrepCounts counts = dataset.counts();
    counts.problems().forEach(problem -> LOG.warn(BadRowException.skipped(problem)));
    dataset.requireRows(
        counts.usableDocuments() > 0,
        "none of its %s rows gives a document to train on".formatted(counts.rowsIn()));
    return lengths;
  }

  /** Second stage: documents to packed rows. */
  private List<RowFileReport> pack(
      JavaSparkContext spark, List<ShardPlan.RowFile> rowFiles, Path documents, Path output) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    Packer packer = config.packer();
    String source = documents.toString();
    String target = output.toString();
    int count = rowFiles.size();
    return new SparkStage(spark, "pack")
        .run(
            rowFiles,
            (index, file, tokens) ->
                PackRowFile.run(
                    hadoop.value(),
                    packer,
                    file,
                    new Path(source),
                    new Path(target, PackedSequenceTable.fileName(index, count))));
  }

  private List<PrepManifest.TableFile> tableFiles(Path folder, List<RowFileReport> written) {
    int count = written.size();
    return ManifestFile.describe(
        configuration,
        folder,
        IntStream.range(0, count).mapToObj(i -> PackedSequenceTable.fileName(i, count)).toList(),
        written.stream().map(RowFileReport::rows).toList());
  }

  private void delete(Path documents) {
    try {
      documents.getFileSystem(configuration).delete(documents, true);
    } catch (IOException e) {
      throw new TableException(
          "Cannot delete %s (%s): look at the disk".formatted(documents, e.getMessage()), e);
    }
  }
}
