package org.sparklora.prep.curate;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.DatasetInput;
import org.sparklora.prep.PrepCounts;
import org.sparklora.prep.SessionTables;
import org.sparklora.prep.SparkStage;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.ParquetColumns;
import org.sparklora.prep.source.SplitGroup;

/**
 * {@code curate}: removes rows of a dataset, and keeps what it removes. The dataset is read twice:
 * first to sketch each row, and, once the steps have decided on sketches alone, to write it.
 *
 * <p>One object curates one dataset, on the driver's thread.
 */
public final class CurateJob {
  private static final Logger LOG = LoggerFactory.getLogger(CurateJob.class);

  /** Inside the in-progress folder: deleted when the result is complete or the run fails. */
  private static final String SCRATCH = "_curate";

  private final JavaSparkContext spark;
  private final SparkSession session;
  private final Configuration configuration;
  private final CurateConfig config;
  private final DatasetInput dataset;
  private final RowText text;
  private final Path scratch;
  private final List<SplitGroup> splits;
  private final Optional<MessageType> parquet; // columns, if all files are Parquet

  private CurateJob(
      SparkSession session, CurateConfig config, DatasetInput dataset, RowText text, Path scratch) {
    this.session = session;
    this.spark = new JavaSparkContext(session.sparkContext());
    this.configuration = session.sparkContext().hadoopConfiguration();
    this.config = config;
    this.dataset = dataset;
    this.text = text;
    this.scratch = scratch;
    this.splits = dataset.readable(new SessionTables(session), spark.isLocal(), scratch);
    this.parquet =
        ParquetColumns.of(
            configuration, splits.stream().flatMap(group -> group.splits().stream()).toList());
  }

  /**
   * Checks what can be checked without a session: tables need one.
   *
   * @throws ConfigException if the dataset or the output folder does not fit the settings
   */
  public static void requireInputs(Configuration configuration, CurateConfig config) {
    OutputFolder.requireUsable(configuration, config.outputFolder(), config.overwrite());
    DatasetInput.findFiles(configuration, config.source())
        .ifPresent(files -> RowText.recognise(config.source(), files.sample(configuration)));
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
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    DatasetInput dataset = DatasetInput.find(new SessionTables(session), config.source());
    RowText text = RowText.recognise(config.source(), dataset.sample(configuration));
    try (OutputFolder output =
        OutputFolder.create(configuration, config.outputFolder(), config.overwrite())) {
      Path scratch = new Path(output.work(), SCRATCH);
      return new CurateJob(session, config, dataset, text, scratch).run(output);
    }
  }

  private CurateManifest run(OutputFolder output) {
    long started = System.nanoTime();
    String fingerprint = dataset.fingerprint(configuration);
    LOG.info("Curating {}: {}", dataset.description(), text.description());
    EvaluationQuestions.Builder questions =
        new EvaluationSets(new SessionTables(session)).read(config.steps(), scratch);
    List<CurateReport> sketched = sketch(questions.build());
    MessageType columns =
        parquet.orElseGet(
            () ->
                ColumnTypes.schema(
                    sketched.stream()
                        .map(CurateReport::types)
                        .reduce(Map.of(), ColumnTypes::merged)));
    WriteSplit.Places places =
        new WriteSplit.Places(
            output.work().toString(),
            columns("columns.parquet", columns),
            decide(columns).toString(),
            firstRows(sketched));
    ConfigException.require(
        fingerprint.equals(dataset.fingerprint(configuration)),
        Flags.DATASET_NAME,
        config.source().dataset(),
        "its files have changed while it was read; start again when they are complete");
    List<CurateReport> written = run("write", "rows", split -> WriteSplit.run(places, split));
    delete(scratch);
    CurateManifest manifest =
        new CurateManifest(
            inputs(fingerprint),
            counts(written, questions),
            files(written),
            (System.nanoTime() - started) / 1e9);
    manifest.write(configuration, output.work());
    output.commit();
    return manifest;
  }

  private LshBands bands() {
    double threshold = config.steps().nearDuplicates();
    return threshold > 0 ? LshBands.of(threshold) : LshBands.NONE;
  }

  /** First stage: rows to sketches. */
  private List<CurateReport> sketch(EvaluationQuestions questions) {
    SketchSplit.Wanted wanted =
        new SketchSplit.Wanted(text, config.source().onBadRows(), bands(), parquet.isEmpty());
    Broadcast<EvaluationQuestions> sent = spark.broadcast(questions);
    List<CurateReport> reports =
        run("sketch", "words", split -> SketchSplit.run(wanted, sent.value(), split));
    sent.destroy();
    PrepCounts counts = dataset.counts();
    reports.forEach(report -> counts.add(report.rows));
    counts.problems().forEach(problem -> LOG.warn(BadRowException.skipped(problem)));
    long bad = counts.skipped().values().stream().mapToLong(Long::longValue).sum();
    dataset.requireRows(
        counts.of(Count.ROWS) > bad,
        "none of its %s rows can be read".formatted(counts.of(Count.ROWS)));
    return reports;
  }

  /** A task of a stage, called on an executor. */
  private interface Task extends Serializable {
    CurateReport run(SplitFiles split);
  }

  private List<CurateReport> run(String name, String unit, Task task) {
    SerializableConfiguration hadoop = new SerializableConfiguration(configuration);
    String folder = scratch.toString();
    int count = splits.size();
    return new SparkStage(spark, name, unit)
        .run(
            splits,
            (index, rows, progress) ->
                task.run(new SplitFiles(hadoop.value(), index, count, rows, new Path(folder))));
  }

  /**
   * Writes a file with the columns of the dataset and no rows, for tasks: a schema's text cannot
   * hold all names.
   */
  private String columns(String name, MessageType schema) {
    Path file = new Path(scratch, name);
    RowFile.ofGroups(configuration, file, schema, Map.of()).close();
    return file.toString();
  }

  /** The steps, in their order, on sketches. Returns the folder of their decisions. */
  private Path decide(MessageType columns) {
    CurateConfig.Steps steps = config.steps();
    SketchTable sketches = new SketchTable(session, scratch);
    if (!dataset.counts().skipped().isEmpty()) {
      sketches.remove(
          Step.READ,
          sketches.all().where(functions.col("reason").isNotNull()),
          functions.col("reason"),
          functions.lit(""),
          functions.lit(Removal.NONE));
    }
    if (!steps.filter().isEmpty()) {
      List<Type> fields = new ArrayList<>(columns.getFields());
      fields.add(Types.required(PrimitiveTypeName.INT64).named(WriteSplit.ID));
      WriteSplit.Places copies =
          new WriteSplit.Places(
              new Path(scratch, FilteredRowsTable.COPIES).toString(),
              columns("columns-and-id.parquet", new MessageType(columns.getName(), fields)),
              "",
              new long[0]);
      run("copy rows to filter", "rows", split -> WriteSplit.run(copies, split));
      FilteredRowsTable.remove(sketches, steps.filter());
    }
    if (steps.exactDuplicates()) {
      ExactDuplicatesTable.remove(sketches);
    }
    if (steps.nearDuplicates() > 0) {
      NearDuplicatesTable.remove(sketches, steps.nearDuplicates(), steps.keep());
    }
    if (!steps.evaluationSets().isEmpty()) {
      ContaminatedRowsTable.remove(sketches);
    }
    return sketches.decisions();
  }

  private static long[] firstRows(List<CurateReport> sketched) {
    long[] firstRows = new long[sketched.size()];
    for (int i = 1; i < firstRows.length; i++) {
      firstRows[i] = firstRows[i - 1] + sketched.get(i - 1).rows.of(Count.ROWS);
    }
    return firstRows;
  }

  private CurateManifest.Inputs inputs(String fingerprint) {
    return new CurateManifest.Inputs(
        config.settings(), text.description(), fingerprint, dataset.origin(), bands());
  }

  private CurateManifest.Counts counts(
      List<CurateReport> written, EvaluationQuestions.Builder questions) {
    Map<String, Long> removed = new LinkedHashMap<>();
    for (Step step : Step.values()) {
      removed.put(step.word(), written.stream().mapToLong(part -> part.removed(step)).sum());
    }
    Map<String, Long> compared = new LinkedHashMap<>();
    compared.put("compared", (long) questions.size());
    compared.put("too_short", questions.tooShort());
    PrepCounts counts = dataset.counts();
    return new CurateManifest.Counts(
        counts.of(Count.ROWS),
        written.stream().mapToLong(CurateReport::kept).sum(),
        removed,
        counts.skipped(),
        counts.problems(),
        compared);
  }

  private static List<CurateManifest.DataFile> files(List<CurateReport> written) {
    List<CurateManifest.DataFile> files = new ArrayList<>();
    for (CurateReport report : written) {
      String name = PackedSequenceTable.fileName(files.size(), written.size());
      files.add(new CurateManifest.DataFile(name, report.kept()));
    }
    return files;
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
