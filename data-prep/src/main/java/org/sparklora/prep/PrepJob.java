package org.sparklora.prep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.table.SourceTables;

/**
 * {@code prep}: turns a dataset into a packed table or a prompts table. Two Spark stages, one task
 * per split and one task per output file, with the documents (or prompts) in files between them
 * (see {@code docs/decisions/004-row-order-and-packing-shards.md}).
 *
 * <p>One object prepares one table, on the driver's thread.
 */
public final class PrepJob<C extends TableCounts> {
  private static final Logger LOG = LoggerFactory.getLogger(PrepJob.class);

  /** Inside the in-progress folder: deleted when the table is complete or the run fails. */
  private static final String DOCUMENTS = "_documents";

  private final Configuration configuration;
  private final TableConfig<C> config;
  private final DatasetInput dataset;
  private final RowKind<C> rows;
  private final TextSource text;
  private final ModelText read;
  private final String templateSha256;

  /**
   * Inspects the dataset and the tokenizer; reads only as much as recognising the format takes.
   *
   * @param dataset found for {@code config.source()}
   */
  private PrepJob(Configuration configuration, TableConfig<C> config, DatasetInput dataset) {
    this.configuration = configuration;
    this.config = config;
    this.dataset = dataset;
    this.rows = config.rows(dataset.sample(configuration));
    this.text = TextSource.locate(configuration, config.model());
    this.read = ModelText.load(text);
    this.templateSha256 = rows.requireText(text, read);
  }

  private static <C extends TableCounts> PrepJob<C> of(
      SparkSession session, TableConfig<C> config) {
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    PrepConfig.Source source = config.source();
    return new PrepJob<>(
        configuration,
        config,
        DatasetInput.find(
            configuration,
            source,
            () -> SourceTables.open(session, source.dataset(), source.query())));
  }

  /**
   * Inspects the dataset and the tokenizer as {@link #run} does, without a session; skips tables,
   * which need one.
   *
   * @throws ConfigException when the dataset or the tokenizer does not fit the settings
   */
  public static void requireInputs(Configuration configuration, TableConfig<?> config) {
    DatasetInput.findFiles(configuration, config.source())
        .ifPresent(dataset -> new PrepJob<>(configuration, config, dataset));
  }

  private TableManifest.Inputs inputs() {
    return new TableManifest.Inputs(
        config.kind().formatVersion(),
        config.settings(),
        rows.description(),
        read.tokenizerSha256().orElse(""),
        templateSha256,
        read.specialTokens(),
        dataset.fingerprint(configuration),
        dataset.origin());
  }

  /**
   * Prepares the table.
   *
   * @return the manifest, also written into the output folder
   * @throws ConfigException when the dataset, the tokenizer or the output folder does not fit the
   *     settings
   * @throws TableException when a row is bad and bad rows are not skipped; the message names its
   *     place
   */
  public static <C extends TableCounts> TableManifest<C> run(
      SparkSession session, TableConfig<C> config) {
    PrepJob<C> job = of(session, config);
    return job.prepare(session, job.inputs(), config.overwrite());
  }

  /** Reuses or prepares the table in {@code output_dir}. */
  public static <C extends TableCounts> TableManifest<C> reuseOrRun(
      SparkSession session, TableConfig<C> config) {
    return reuseOrRun(session, config, Flags.OUTPUT_DIR);
  }

  /**
   * Returns the table in the output folder if these settings would give the same; else prepares it.
   *
   * @param folderKey the setting that names the output folder
   * @throws ConfigException also when the folder holds another table and may not be overwritten;
   *     the message says how that table was made
   */
  public static <C extends TableCounts> TableManifest<C> reuseOrRun(
      SparkSession session, TableConfig<C> config, Flag<?> folderKey) {
    PrepJob<C> job = of(session, config);
    TableManifest.Inputs inputs = job.inputs();
    Path folder = new Path(config.outputFolder());
    Optional<TableManifest<C>> there =
        TableManifest.in(job.configuration, config.kind(), config.outputFolder());
    if (there.isPresent() && there.get().fits(inputs, job.configuration, folder)) {
      OutputFolder.tidy(job.configuration, folder);
      LOG.info("Using the {} in {} again", config.kind().name(), folder);
      return there.get();
    }
    there.ifPresent(
        manifest ->
            TableOrigin.requireReplaceable(
                folderKey, config.outputFolder(), config.overwrite(), manifest.inputs(), inputs));
    return job.prepare(session, inputs, config.overwrite() || there.isPresent());
  }

  /** Makes the table; {@code overwrite} allows replacing the contents of its folder. */
  private TableManifest<C> prepare(
      SparkSession session, TableManifest.Inputs inputs, boolean overwrite) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    long started = System.nanoTime();
    rows.announce(dataset.description());
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), overwrite)) {
      Path documents = new Path(output.work(), DOCUMENTS);
      List<RowKind.RowFile> files = rows.plan(tokenize(spark, documents));
      List<RowFileReport> written = write(spark, files, documents, output.work());
      delete(documents);
      TableManifest<C> manifest =
          new TableManifest<>(
              inputs,
              config.model().reference().name(),
              rows.counts(dataset.counts(), written),
              describe(output.work(), written),
              (System.nanoTime() - started) / 1e9);
      manifest.write(configuration, new Path(output.work(), config.kind().manifest()));
      output.commit();
      return manifest;
    }
  }

  /** First stage: documents to files. Returns the length of each document, by split. */
  private List<int[]> tokenize(JavaSparkContext spark, Path documents) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    TextSource source = text;
    RowKind<C> kind = rows;
    String folder = documents.toString();
    List<SplitReport> reports =
        new SparkStage(spark, rows.stages().get(0))
            .run(
                dataset.readable(configuration, spark.isLocal(), documents),
                (index, split, tokens) ->
                    TokenizeSplit.run(
                        hadoop.value(),
                        source,
                        kind,
                        split,
                        TokenizeSplit.file(new Path(folder), index),
                        tokens));
    PrepCounts counts = dataset.counts();
    reports.forEach(counts::add);
    counts.problems().forEach(problem -> LOG.warn(BadRowException.skipped(problem)));
    dataset.requireRows(counts.usableDocuments() > 0, rows.nothing(counts));
    return reports.stream().map(SplitReport::lengths).toList();
  }

  /** Second stage: documents to rows. */
  private List<RowFileReport> write(
      JavaSparkContext spark, List<RowKind.RowFile> files, Path documents, Path output) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    String source = documents.toString();
    String target = output.toString();
    int count = files.size();
    return new SparkStage(spark, rows.stages().get(1))
        .run(
            files,
            (index, file, tokens) ->
                file.write(
                    hadoop.value(),
                    new Path(source),
                    new Path(target, PackedSequenceTable.fileName(index, count))));
  }

  private List<TableManifest.TableFile> describe(Path folder, List<RowFileReport> written) {
    Map<String, Long> sizes = TableManifest.sizes(configuration, folder);
    List<TableManifest.TableFile> files = new ArrayList<>();
    for (RowFileReport report : written) {
      String name = PackedSequenceTable.fileName(files.size(), written.size());
      files.add(new TableManifest.TableFile(name, sizes.get(name), report.rows()));
    }
    return files;
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
