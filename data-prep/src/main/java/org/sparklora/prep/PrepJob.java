package org.sparklora.prep;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
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
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.text.Tokenizer;

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
  private final Mixture mixture;
  private final List<DatasetInput> parts; // of the mixture, else one
  private final List<RowKind<C>> kinds; // by part
  private final RowKind<C> rows; // the first, for what all kinds have in common
  private final TextSource text;
  private final ModelText read;
  private final String templateSha256;

  /**
   * Inspects the dataset and the tokenizer; reads only as much as recognising the format takes.
   *
   * @param found for {@code config.source()}, the only dataset or those of a mixture
   */
  private PrepJob(Configuration configuration, TableConfig<C> config, List<DatasetInput> found) {
    this.configuration = configuration;
    this.config = config;
    this.mixture = config.source().mixture();
    this.parts = found;
    parts.forEach(
        part -> OutputFolder.requireApart(configuration, config.outputFolder(), part.places()));
    this.kinds =
        each(
            (part, rows) -> {
              part.requireTimeless();
              return config.of(part.source()).rows(part.of(rows.sample(configuration)));
            });
    this.rows = kinds.get(0);
    this.text = TextSource.locate(configuration, config.model());
    this.read = ModelText.load(text);
    this.templateSha256 = kinds.stream().map(kind -> kind.requireText(text, read)).toList().get(0);
  }

  /** Calls {@code of} for each part; an error has the place of the part in a mixture. */
  private <T> List<T> each(BiFunction<Mixture.Part, DatasetInput, T> of) {
    Iterator<DatasetInput> next = parts.iterator();
    return config.source().eachPart(part -> of.apply(part, next.next()));
  }

  private static <C extends TableCounts> PrepJob<C> of(
      SparkSession session, TableConfig<C> config) {
    SessionTables tables = new SessionTables(session);
    return new PrepJob<>(
        tables.hadoop(), config, config.source().each(part -> DatasetInput.find(tables, part)));
  }

  /**
   * Inspects the dataset and the tokenizer as {@link #run} does, without a session. If a dataset is
   * a table, which needs one, only the files of other datasets are looked for.
   *
   * @throws ConfigException when the dataset or the tokenizer does not fit the settings
   */
  public static void requireInputs(Configuration configuration, TableConfig<?> config) {
    List<Optional<DatasetInput>> found =
        config.source().each(part -> DatasetInput.findFiles(configuration, part));
    if (found.stream().allMatch(Optional::isPresent)) {
      new PrepJob<>(configuration, config, found.stream().map(Optional::get).toList());
    }
  }

  private TableManifest.Inputs inputs(SparkSession session) {
    DatasetIdentity datasets = DatasetIdentity.of(new SessionTables(session), mixture, parts);
    return new TableManifest.Inputs(
        config.kind().formatVersion(),
        config.settings(),
        kinds.stream().map(RowKind::description).distinct().collect(Collectors.joining("; ")),
        read.tokenizer().map(Tokenizer::fingerprint).orElse(""),
        templateSha256,
        ModelText.specialTokens(read.tokenizer()),
        datasets.fingerprint(),
        datasets.table(),
        datasets.sources());
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
    return job.prepare(session, job.inputs(session), config.overwrite());
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
    TableManifest.Inputs inputs = job.inputs(session);
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
    for (int part = 0; part < kinds.size(); part++) {
      kinds.get(part).announce(parts.get(part).description());
    }
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), overwrite)) {
      Path documents = new Path(output.work(), DOCUMENTS);
      SessionTables tables = new SessionTables(session);
      List<SplitGroup> groups = groups(tables, documents);
      int[] sources = groups.stream().mapToInt(SplitGroup::source).toArray();
      List<RowKind.RowFile> files =
          rows.plan(tokenize(spark, groups, documents), mixture.isNone() ? new int[0] : sources);
      List<RowFileReport> written = write(spark, files, documents, output.work());
      TableManifest<C> manifest =
          new TableManifest<>(
              inputs,
              config.model().reference().name(),
              rows.counts(counts(), RowFileReport.sum(written)),
              describe(output.work(), written),
              (System.nanoTime() - started) / 1e9);
      TableManifest.write(
          configuration, new Path(output.work(), config.kind().manifest()), manifest);
      String now = DatasetIdentity.of(tables, mixture, parts).fingerprint();
      ConfigException.require(
          now.equals(inputs.datasetFingerprint()),
          Flags.DATASET_NAME,
          config.source().dataset(),
          "its files have changed while it was read; run again when they are complete");
      output.commit(documents);
      return manifest;
    }
  }

  private List<SplitGroup> groups(SessionTables tables, Path scratch) {
    if (mixture.isNone()) {
      return parts.get(0).readable(tables, scratch);
    }
    String column = mixture.sourceColumn(configuration, parts);
    List<SplitGroup> groups = new ArrayList<>();
    each(
        (part, rows) -> { // no two inputs are equal: each has its own counts
          int number = parts.indexOf(rows);
          return groups.addAll(
              mixture.readable(number, rows, column, config.model(), tables, scratch));
        });
    return groups;
  }

  /** First stage: documents to files. Returns the length of each document, by split. */
  private List<int[]> tokenize(JavaSparkContext spark, List<SplitGroup> groups, Path documents) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    TextSource source = text;
    Clock clock = Clock.fixed(Instant.now(), ZoneId.systemDefault()); // one date for all rows
    List<RowKind<C>> bySource = kinds;
    String folder = documents.toString();
    List<SplitReport> reports =
        new SparkStage(spark, rows.stages().get(0), "tokens")
            .run(
                groups,
                (index, split, tokens) ->
                    TokenizeSplit.run(
                        hadoop.value(),
                        source,
                        clock,
                        bySource.get(split.source()),
                        split,
                        TokenizeSplit.file(new Path(folder), index),
                        tokens));
    for (int i = 0; i < reports.size(); i++) {
      parts.get(groups.get(i).source()).counts().add(reports.get(i));
    }
    PrepCounts counts = counts();
    counts.problems().forEach(problem -> LOG.warn(BadRowException.skipped(problem)));
    parts.get(0).requireRows(counts.usableDocuments() > 0, rows.nothing(counts));
    return reports.stream().map(SplitReport::lengths).toList();
  }

  private PrepCounts counts() {
    return PrepCounts.ofMixture(mixture, parts);
  }

  /** Second stage: documents to rows. */
  private List<RowFileReport> write(
      JavaSparkContext spark, List<RowKind.RowFile> files, Path documents, Path output) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    String source = documents.toString();
    String target = output.toString();
    int count = files.size();
    return new SparkStage(spark, rows.stages().get(1), "tokens")
        .run(
            files,
            (index, file, tokens) ->
                AttemptFile.write(
                    hadoop.value(),
                    new Path(source),
                    new Path(target, PackedSequenceTable.fileName(index, count)),
                    attempt -> file.write(hadoop.value(), new Path(source), attempt)));
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
}
