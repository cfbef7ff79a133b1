package org.sparklora.prep;

import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.source.SplitGroup;
import org.sparklora.text.Tokenizer;

/**
 * {@code prep}: turns a dataset into a packed table or a prompts table. Two Spark stages, one task
 * per split and one task per output file, with the documents (or prompts) in files between them
 * (see {@code docs/decisions/004-row-order-and-packing-shards.md}).
 *
 * <p>One object prepares one table, on the driver's thread.
 */
public final class PrepJob {
  private static final Logger LOG = LoggerFactory.getLogger(PrepJob.class);

  /** Inside the in-progress folder: deleted when the table is complete or the run fails. */
  private static final String DOCUMENTS = "_documents";

  private final Configuration configuration;
  private final TableConfig config;
  private final Mixture mixture;
  private final List<DatasetInput> parts; // of the mixture, else one
  private final String sourceColumn; // of the mixture
  private final List<RowKind> kinds; // by part
  private final RowKind rows; // the first, for what all kinds have in common
  private final TextSource text;
  private final ModelText read;
  private final String templateSha256;

  /** Inspects the datasets found and the tokenizer; reads only as much as recognising takes. */
  private PrepJob(Configuration configuration, TableConfig config, List<DatasetInput> found) {
    this.configuration = configuration;
    this.config = config;
    PrepConfig.Source source = config.source();
    this.mixture = source.mixture();
    this.parts = found;
    parts.forEach(
        part -> OutputFolder.requireApart(configuration, config.outputFolder(), part.places()));
    List<Map<String, Object>> samples = new ArrayList<>();
    this.kinds =
        source.eachPart(
            (part, number) -> {
              part.requireTimeless();
              samples.add(part.of(parts.get(number).sample(configuration)));
              return RowKind.recognise(config, part.source(), samples.get(number));
            });
    this.sourceColumn = Mixture.sourceColumn(samples);
    this.rows = kinds.get(0);
    this.text = TextSource.locate(configuration, config.model());
    this.read = ModelText.load(text);
    this.templateSha256 = kinds.stream().map(kind -> kind.requireText(read)).toList().get(0);
  }

  private static PrepJob of(SessionTables tables, TableConfig config) {
    return new PrepJob(
        tables.hadoop(), config, config.source().each(part -> DatasetInput.find(tables, part)));
  }

  /**
   * Inspects the dataset and the tokenizer as {@link #run} does, without a session. If a dataset is
   * a table, which needs one, only the files of other datasets are looked for.
   *
   * @throws ConfigException when the dataset or the tokenizer does not fit the settings
   */
  public static void requireInputs(Configuration configuration, TableConfig config) {
    List<Optional<DatasetInput>> found =
        config.source().each(part -> DatasetInput.findFiles(configuration, part));
    if (found.stream().allMatch(Optional::isPresent)) {
      new PrepJob(configuration, config, found.stream().map(Optional::get).toList());
    }
  }

  private TableManifest.Inputs inputs(SessionTables tables) {
    DatasetIdentity datasets = DatasetIdentity.of(tables, mixture, parts);
    return new TableManifest.Inputs(
        config.kind().formatVersion(),
        config.settings(),
        kinds.stream()
            .map(kind -> kind.format().description())
            .distinct()
            .collect(Collectors.joining("; ")),
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
  public static TableManifest run(SparkSession session, TableConfig config) {
    SessionTables tables = new SessionTables(session);
    PrepJob job = of(tables, config);
    return job.prepare(tables, job.inputs(tables), config.overwrite());
  }

  public static TableManifest reuseOrRun(SparkSession session, TableConfig config) {
    return reuseOrRun(session, config, Flags.OUTPUT_DIR);
  }

  /**
   * Returns the table in the output folder if these settings would give the same; else prepares it.
   *
   * @param folderKey the setting that names the output folder
   * @throws ConfigException also when the folder holds another table and may not be overwritten;
   *     the message says how that table was made
   */
  public static TableManifest reuseOrRun(
      SparkSession session, TableConfig config, Flag<?> folderKey) {
    SessionTables tables = new SessionTables(session);
    PrepJob job = of(tables, config);
    TableManifest.Inputs inputs = job.inputs(tables);
    Path folder = new Path(config.outputFolder());
    Optional<TableManifest> there =
        TableManifest.in(job.configuration, config.kind(), config.outputFolder());
    if (there.isPresent() && there.get().fits(inputs, job.configuration, folder)) {
      OutputFolder.tidy(job.configuration, folder);
      LOG.info("Using the {} in {} again", config.kind().name(), folder);
      return there.get();
    }
    there
        .map(manifest -> manifest.origin(config.outputFolder()))
        .ifPresent(made -> made.requireReplaceable(folderKey, config.overwrite(), inputs));
    return job.prepare(tables, inputs, config.overwrite() || there.isPresent());
  }

  /** Makes the table; {@code overwrite} allows replacing the contents of its folder. */
  private TableManifest prepare(
      SessionTables tables, TableManifest.Inputs inputs, boolean overwrite) {
    JavaSparkContext spark = new JavaSparkContext(tables.session().sparkContext());
    long started = System.nanoTime();
    for (int part = 0; part < kinds.size(); part++) {
      String format = kinds.get(part).format().description();
      LOG.info("Preparing {}: {}", parts.get(part).description(), format);
    }
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), overwrite)) {
      Path documents = new Path(output.work(), DOCUMENTS);
      List<SplitGroup> groups =
          config.source().eachPart((part, i) -> groups(i, tables, documents)).stream()
              .flatMap(List::stream)
              .toList();
      int[] sources = groups.stream().mapToInt(SplitGroup::source).toArray();
      List<RowKind.RowFile> files =
          rows.plan(tokenize(spark, groups, documents), mixture.isNone() ? new int[0] : sources);
      List<SplitReport> written = write(spark, files, documents, output.work());
      Map<String, Number> own = rows.counts(PrepCounts.sum(parts), new PrepCounts(written));
      TableManifest manifest =
          new TableManifest(
              inputs,
              config.model().reference().name(),
              PrepCounts.entries(mixture, parts, own),
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
      boolean isThere = // concurrent trainings make equal tables
          TableManifest.in(configuration, config.kind(), config.outputFolder())
              .filter(there -> TableManifest.areEqual(there.inputs(), inputs))
              .isPresent();
      if (isThere) {
        output.replace(documents);
      } else {
        output.commit(documents);
      }
      return manifest;
    }
  }

  private List<SplitGroup> groups(int part, SessionTables tables, Path scratch) {
    DatasetInput all = parts.get(part);
    return mixture.isNone()
        ? all.readable(tables, scratch)
        : mixture.readable(part, all, sourceColumn, config.model(), tables, scratch);
  }

  /** First stage: documents to files. Returns the length of each document, by split. */
  private List<int[]> tokenize(JavaSparkContext spark, List<SplitGroup> groups, Path documents) {
    TextSource source = text;
    Clock clock = Clock.fixed(Instant.now(), ZoneId.systemDefault()); // one date for all rows
    List<RowKind> bySource = kinds;
    List<SplitReport> reports =
        new SparkStage(spark, rows.stages().get(0), "tokens")
            .run(
                configuration,
                groups,
                (hadoop, index, split, tokens) ->
                    TokenizeSplit.run(
                        hadoop,
                        source,
                        clock,
                        bySource.get(split.source()),
                        split,
                        TokenizeSplit.file(documents, index),
                        tokens));
    for (int i = 0; i < reports.size(); i++) {
      parts.get(groups.get(i).source()).counts().reports().add(reports.get(i));
    }
    PrepCounts counts = PrepCounts.sum(parts);
    counts.problems().forEach(problem -> LOG.warn("Skipped: {}", problem));
    boolean hasTokens = counts.lengths().getCount() > counts.of(SplitReport.Count.EMPTY);
    counts.requireRows(hasTokens, config.source().dataset(), rows.nothing(counts));
    return reports.stream().map(SplitReport::lengths).toList();
  }

  /** Second stage: documents to rows. */
  private List<SplitReport> write(
      JavaSparkContext spark, List<RowKind.RowFile> files, Path documents, Path output) {
    int count = files.size();
    return new SparkStage(spark, rows.stages().get(1), "tokens")
        .run(
            configuration,
            files,
            (hadoop, index, file, tokens) ->
                AttemptFile.write(
                    hadoop,
                    documents,
                    new Path(output, PackedSequenceTable.fileName(index, count)),
                    attempt -> file.write(hadoop, documents, attempt, tokens)));
  }

  private List<TableManifest.TableFile> describe(Path folder, List<SplitReport> written) {
    Map<String, Long> sizes = TableManifest.sizes(configuration, folder);
    List<TableManifest.TableFile> files = new ArrayList<>();
    for (SplitReport report : written) {
      String name = PackedSequenceTable.fileName(files.size(), written.size());
      files.add(new TableManifest.TableFile(name, sizes.get(name), report.documents()));
    }
    return files;
  }
}
