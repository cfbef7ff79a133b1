package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.negate;
import static org.apache.spark.sql.functions.shiftright;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.run.QueryProgress;
import org.sparklora.pipeline.table.RowFile;

/**
 * The sketches of a dataset's rows, and the rows that the steps have removed so far. Results of
 * queries are kept as files, so that each is computed once, in memory that does not grow with the
 * dataset. Used by the driver's thread.
 */
final class SketchTable {
  static final String ID = "id";

  private final SparkSession session;
  private final Path scratch;
  private final List<Dataset<Row>> removed = new ArrayList<>();

  /** Opens the sketches in the folder that {@link SketchSplit} has written to. */
  SketchTable(SparkSession session, Path scratch) {
    this.session = session;
    this.scratch = scratch;
  }

  /** Whether Spark SQL can read a column; it refuses nanoseconds, times of day and UUIDs. */
  static boolean canRead(Type column) {
    try {
      inSpark(new MessageType("row", column));
      return true;
    } catch (Exception e) { // Scala's exceptions are not declared
      return false;
    }
  }

  private static StructType inSpark(MessageType schema) {
    return new ParquetToSparkSchemaConverter(SQLConf.get()).convert(schema);
  }

  Dataset<Row> rows() {
    Dataset<Row> rows = all();
    for (Dataset<Row> table : removed) {
      rows = rows.join(table.select(ID), ID, "left_anti");
    }
    return rows;
  }

  /** All rows, with those that cannot be read. */
  Dataset<Row> all() {
    return read(SketchSplit.SKETCHES, SketchSplit.SKETCH);
  }

  Dataset<Row> read(String name, MessageType schema) {
    return read(name, inSpark(schema));
  }

  /** Reads files of a known schema: Spark would start a job to learn it. */
  private Dataset<Row> read(String name, StructType schema) {
    return session.read().schema(schema).parquet(new Path(scratch, name).toString());
  }

  /** The rows that the driver writes to a file. */
  Dataset<Row> written(String name, MessageType schema, Consumer<RowFile<Group>> rows) {
    Path file = new Path(scratch, name + ".parquet");
    try (RowFile<Group> out =
        RowFile.ofGroups(session.sparkContext().hadoopConfiguration(), file, schema)) {
      rows.accept(out);
    }
    return read(file.getName(), schema);
  }

  /**
   * The rows, computed and kept as files.
   *
   * @param query words for it in the progress
   */
  Dataset<Row> stored(String name, String query, Dataset<Row> rows) {
    write(rows.write(), query, name);
    return read(name, rows.schema());
  }

  private void write(DataFrameWriter<Row> rows, String query, String name) {
    QueryProgress.show(
        session.sparkContext(),
        "curate: " + query,
        "rows",
        () -> rows.option("compression", "snappy").parquet(new Path(scratch, name).toString()));
  }

  /**
   * Removes rows.
   *
   * @param rows at least with an {@code id}; the columns that follow are over them
   * @param otherSet evaluation set of the row that a row collides with; an empty text: this dataset
   * @param other that row, or {@link Removal#NONE}
   */
  void remove(Step step, Dataset<Row> rows, Column reason, Column otherSet, Column other) {
    removed.add(
        stored(
            "removed-" + removed.size(),
            step.word(),
            rows.select(
                col(ID),
                lit(step.word()).as("step"),
                reason.as("reason"),
                otherSet.as("other_set"),
                other.as("other"))));
  }

  /**
   * Removes all rows but one of each group. A group with many rows costs no memory: Spark spills
   * the rows of a window to disk.
   *
   * @param rows with {@code id}, {@code length}, {@code score} and the columns of {@code group}
   * @param group columns whose values are equal in a group
   */
  void removeAllButOne(
      Step step, Dataset<Row> rows, String[] group, CurateConfig.Keep keep, String reason) {
    Column rank = col(keep == CurateConfig.Keep.BEST ? "score" : "length");
    Column first = negate(col(ID)).as("negated");
    WindowSpec equal = Window.partitionBy(Stream.of(group).map(Column::new).toArray(Column[]::new));
    Column kept =
        keep == CurateConfig.Keep.FIRST
            ? min(ID).over(equal)
            : negate(max(struct(rank, first)).over(equal).getField("negated"));
    remove(
        step,
        rows.withColumn("kept", kept).where(col(ID).notEqual(col("kept"))),
        lit(reason),
        lit(""),
        col("kept"));
  }

  /** Removes all rows but one of those with the same normalised text. */
  void removeExactDuplicates(CurateConfig.Keep keep) {
    String[] hash = {"hash_high", "hash_low"};
    removeAllButOne(Step.EXACT_DUPLICATES, rows(), hash, keep, "same text");
  }

  /** Removes rows in which {@link EvaluationQuestions} has found a question. */
  void removeContaminated() {
    remove(
        Step.DECONTAMINATE,
        rows().where(col("question_set").isNotNull()),
        when(col("question_whole"), lit("question"))
            .otherwise(lit(EvaluationQuestions.GRAM + "-gram")),
        col("question_set"),
        col("question_row"));
  }

  void removeUnreadable() {
    Dataset<Row> bad = all().where(col("reason").isNotNull());
    remove(Step.READ, bad, col("reason"), lit(""), lit(Removal.NONE));
  }

  /** Writes the decisions on all rows, for {@link Removal#ofSplit}. */
  void decide() {
    Column split = shiftright(col(ID), CuratedSplit.POSITION_BITS).as("split");
    Dataset<Row> rows =
        removed.stream()
            .reduce(Dataset::union)
            .orElseThrow()
            .select(col("*"), split)
            .repartition(col("split")); // one file a split
    write(rows.write().partitionBy("split"), "decisions", Removal.FOLDER);
  }
}
