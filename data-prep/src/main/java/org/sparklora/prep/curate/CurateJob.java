package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.DatasetIdentity;
import org.sparklora.prep.DatasetInput;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepCounts;
import org.sparklora.prep.SessionTables;
import org.sparklora.prep.SparkStage;
import org.sparklora.prep.TableManifest;
import org.sparklora.prep.TextSource;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.ParquetColumns;
import org.sparklora.prep.source.SplitGroup;

/**
 * {@code curate}: removes rows of datasets, and keeps the removed rows. A dataset is read to sketch
 * its rows, again to copy them for a filter, and again to write them after the steps' decisions.
 *
 * <p>One object curates one dataset, or those of a mixture together, on the driver's thread.
 */
public final class CurateJob {
  private static final Logger LOG = LoggerFactory.getLogger(CurateJob.class);

  /** Inside the in-progress folder: deleted when the result is complete or the run fails. */
  private static final String SCRATCH = "_curate";

  private static final String COPIES = "copies";

  /** The mixture file of the result, which {@code --datasets} takes. */
  static final String DATASETS = "datasets.yaml";

  private final JavaSparkContext spark;
  private final SessionTables tables;
  private final CurateConfig config;
  private final List<CuratedPart> parts;
  private final Path scratch;
  private final List<SplitGroup> splits = new ArrayList<>();
  private final List<Integer> partOf = new ArrayList<>(); // of each split
  private final List<Optional<MessageType>> parquet = new ArrayList<>(); // by part, if Parquet

  private CurateJob(
      SessionTables tables, CurateConfig config, List<CuratedPart> parts, Path scratch) {
    this.tables = tables;
    this.spark = new JavaSparkContext(tables.session().sparkContext());
    this.config = config;
    this.parts = parts;
    this.scratch = scratch;
    for (CuratedPart part : parts) {
      int number = parquet.size();
      Path copies = new Path(scratch, "source-" + number);
      List<SplitGroup> groups = part.rows().readable(tables, copies);
      splits.addAll(groups);
      partOf.addAll(Collections.nCopies(groups.size(), number));
      parquet.add(
          ParquetColumns.of(
              tables.hadoop(), groups.stream().flatMap(group -> group.splits().stream()).toList()));
    }
  }

  /** The elements of a list by split that belong to a part. */
  private <T> List<T> ofPart(int part, List<T> bySplit) {
    int first = partOf.indexOf(part);
    return first < 0 ? List.of() : bySplit.subList(first, partOf.lastIndexOf(part) + 1);
  }

  /**
   * Checks what can be checked without a session: tables need one.
   *
   * @throws ConfigException if a dataset or the output folder does not fit the settings
   */
  public static void requireInputs(Configuration configuration, CurateConfig config) {
    OutputFolder.requireUsable(configuration, config.outputFolder(), config.overwrite());
    config
        .source()
        .eachPart(
            (part, number) ->
                DatasetInput.findFiles(configuration, part.source())
                    .map(files -> CuratedPart.of(configuration, config, part, files)));
  }

  /**
   * Curates the dataset.
   *
   * @return the manifest, also written into the output folder
   * @throws ConfigException when a dataset or the output folder does not fit the settings
   * @throws TableException when a row is bad and bad rows are not skipped; the message names its
   *     place
   */
  public static CurateManifest run(SparkSession session, CurateConfig config) {
    SessionTables tables = new SessionTables(session);
    return run(tables, config, config.source().eachPart((part, i) -> found(tables, config, part)));
  }

  /** Curates what a mixture takes of one dataset, without the part's own filter. */
  public static CurateManifest run(SparkSession session, CurateConfig config, Mixture.Part part) {
    Mixture.Part all = new Mixture.Part(part.source(), "", part.columns(), part.take());
    SessionTables tables = new SessionTables(session);
    return run(tables, config, List.of(found(tables, config, all)));
  }

  private static CuratedPart found(SessionTables tables, CurateConfig config, Mixture.Part part) {
    DatasetInput rows = DatasetInput.find(tables, part.source());
    return CuratedPart.of(tables.hadoop(), config, part, rows);
  }

  private static CurateManifest run(
      SessionTables tables, CurateConfig config, List<CuratedPart> parts) {
    try (OutputFolder output =
        OutputFolder.create(tables.hadoop(), config.outputFolder(), config.overwrite())) {
      Path scratch = new Path(output.work(), SCRATCH);
      return new CurateJob(tables, config, parts, scratch).run(output);
    }
  }

  private CurateManifest run(OutputFolder output) {
    long started = System.nanoTime();
    DatasetIdentity datasets = identity();
    parts.forEach(part -> LOG.info("Curating {}: {}", part.rows().description(), part.format()));
    FilteredRowsTable.register(
        tables.session().udf(),
        config.model().map(model -> TextSource.withTokenizer(tables.hadoop(), model)));
    EvaluationQuestions questions = new EvaluationSets(tables).read(config, scratch);
    List<CurateReport> sketched = sketch(questions);
    List<MessageType> columns = each(part -> columns(part, sketched));
    decide(columns);
    List<MessageType> taken = each(part -> parts.get(part).taken(columns.get(part)));
    List<CurateReport> written = write("write", output.work(), taken, firstRows(sketched));
    ConfigException.require(
        datasets.equals(identity()),
        Flags.DATASET_NAME,
        config.source().dataset(),
        "its files have changed while it was read; start again when they are complete");
    Mixture mixture = config.source().mixture();
    List<List<CurateReport>> byPart = each(part -> ofPart(part, written));
    if (!mixture.isNone()) {
      TableManifest.write(
          tables.hadoop(),
          new Path(output.work(), DATASETS),
          CuratedPart.file(mixture, parts, config.outputFolder()));
    }
    CurateManifest manifest =
        new CurateManifest(
            new CurateManifest.Inputs(
                config.settings(),
                parts.stream()
                    .map(CuratedPart::format)
                    .distinct()
                    .collect(Collectors.joining("; ")),
                datasets,
                MinHashLsh.of(config.steps().nearDuplicates())),
            CurateManifest.Counts.of(parts, byPart, questions),
            CurateManifest.sources(mixture, parts, byPart),
            files(written),
            (System.nanoTime() - started) / 1e9);
    TableManifest.write(tables.hadoop(), new Path(output.work(), CurateManifest.FILE), manifest);
    output.commit(scratch);
    return manifest;
  }

  private <T> List<T> each(IntFunction<T> of) {
    return IntStream.range(0, parts.size()).mapToObj(of).toList();
  }

  private DatasetIdentity identity() {
    return DatasetIdentity.of(
        tables, config.source().mixture(), parts.stream().map(CuratedPart::rows).toList());
  }

  private String folder(int part) {
    return config.source().mixture().isNone() ? "" : parts.get(part).folder(part);
  }

  private MessageType columns(int part, List<CurateReport> sketched) {
    return parquet
        .get(part)
        .orElseGet(
            () ->
                ColumnTypes.schema(
                    ofPart(part, sketched).stream()
                        .map(report -> report.types)
                        .reduce(Map.of(), ColumnTypes::merged)));
  }

  /** First stage: rows to sketches. */
  private List<CurateReport> sketch(EvaluationQuestions questions) {
    MinHashLsh bands = MinHashLsh.of(config.steps().nearDuplicates());
    String score = config.scoreColumn();
    List<SketchSplit.Wanted> wanted =
        each(
            part ->
                new SketchSplit.Wanted(
                    parts.get(part).part(),
                    parts.get(part).text(),
                    bands,
                    score,
                    parquet.get(part).isEmpty()));
    Broadcast<EvaluationQuestions> sent = spark.broadcast(questions);
    List<CurateReport> reports =
        run(
            "sketch",
            "words",
            (split, words) ->
                SketchSplit.run(wanted.get(split.part()), sent.value(), split, words));
    sent.destroy();
    for (int part = 0; part < parts.size(); part++) {
      DatasetInput rows = parts.get(part).rows();
      PrepCounts counts = rows.counts();
      counts.reports().addAll(ofPart(part, reports));
      counts.problems().forEach(problem -> LOG.warn("Skipped: {}", problem));
      counts.requireRows(
          counts.of(Count.ROWS) > counts.bad(),
          rows.source().dataset(),
          "none of its %s rows can be read".formatted(counts.of(Count.ROWS)));
    }
    return reports;
  }

  private interface Task extends Serializable {
    CurateReport run(CuratedSplit split, LongConsumer processed);
  }

  private List<CurateReport> run(String name, String unit, Task task) {
    Path folder = scratch;
    int count = splits.size();
    List<Integer> ofSplits = partOf;
    return new SparkStage(spark, name, unit)
        .run(
            tables.hadoop(),
            splits,
            (hadoop, index, rows, processed) ->
                task.run(
                    new CuratedSplit(hadoop, ofSplits.get(index), index, count, rows, folder),
                    processed));
  }

  /** Runs the stage of {@link WriteSplit}; {@code firstRows} as in {@link WriteSplit.Places}. */
  private List<CurateReport> write(
      String stage, Path output, List<MessageType> columns, long[] firstRows) {
    Mixture mixture = config.source().mixture();
    List<String> names =
        mixture.isNone() ? List.of() : partOf.stream().map(mixture.names()::get).toList();
    List<WriteSplit.Places> places =
        each(
            part -> {
              // a file without rows: a schema's text cannot hold all names
              Path schema = new Path(scratch, "columns to %s %s.parquet".formatted(stage, part));
              RowFile.ofGroups(tables.hadoop(), schema, columns.get(part)).close();
              boolean isParquet = parquet.get(part).isPresent();
              return new WriteSplit.Places(
                  output, folder(part), schema, firstRows, names, isParquet);
            });
    return run(
        stage, "rows", (split, rows) -> WriteSplit.run(places.get(split.part()), split, rows));
  }

  /** Runs the steps in order on the sketches, and writes their decisions. */
  private void decide(List<MessageType> columns) {
    CurateConfig.Steps steps = config.steps();
    SketchTable sketches = new SketchTable(tables.session(), scratch);
    if (parts.stream().anyMatch(part -> !part.rows().counts().skipped().isEmpty())) {
      sketches.removeUnreadable();
    }
    if (parts.stream().anyMatch(part -> !part.filters(steps).isEmpty())) {
      filter(sketches, columns);
    }
    if (steps.exactDuplicates()) {
      sketches.removeExactDuplicates(steps.keep());
    }
    if (steps.nearDuplicates() > 0) {
      NearDuplicatesTable.remove(sketches, steps.nearDuplicates(), steps.keep());
    }
    if (!steps.evaluationSets().isEmpty()) {
      sketches.removeContaminated();
    }
    sketches.decide();
  }

  private void filter(SketchTable sketches, List<MessageType> columns) {
    List<MessageType> withIds =
        each(
            part -> {
              List<Type> fields = new ArrayList<>(columns.get(part).getFields());
              fields.removeIf(field -> !SketchTable.canRead(field));
              fields.add(Types.required(PrimitiveTypeName.INT64).named(WriteSplit.ID));
              return new MessageType("row", fields);
            });
    write("copy rows to filter", new Path(scratch, COPIES), withIds, new long[0]);
    for (int part = 0; part < parts.size(); part++) {
      Dataset<Row> rows =
          sketches.read(COPIES + "/" + CurateManifest.DATA + folder(part), withIds.get(part));
      int[] range = {partOf.indexOf(part), partOf.lastIndexOf(part)};
      for (String filter : parts.get(part).filters(config.steps())) {
        FilteredRowsTable.remove(sketches, rows, range, filter);
      }
    }
  }

  private long[] firstRows(List<CurateReport> sketched) {
    long[] firstRows = new long[sketched.size()];
    for (int i = 1; i < firstRows.length; i++) {
      firstRows[i] =
          partOf.get(i).equals(partOf.get(i - 1))
              ? firstRows[i - 1] + sketched.get(i - 1).of(Count.ROWS)
              : 0;
    }
    return firstRows;
  }

  private List<CurateManifest.DataFile> files(List<CurateReport> written) {
    List<CurateManifest.DataFile> files = new ArrayList<>();
    for (CurateReport report : written) {
      String folder = folder(partOf.get(files.size()));
      String name = PackedSequenceTable.fileName(files.size(), written.size());
      files.add(new CurateManifest.DataFile((folder + "/" + name).substring(1), report.kept));
    }
    return files;
  }
}
