package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.negate;
import static org.apache.spark.sql.functions.shiftright;
import static org.apache.spark.sql.functions.struct;

import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.datasources.parquet.ParquetToSparkSchemaConverter;
import org.apache.spark.sql.internal.SQLConf;
import org.sparklora.prep.table.QueryProgress;

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

  /**
   * @param scratch the folder that {@link SketchSplit} has written to
   */
  SketchTable(SparkSession session, Path scratch) {
    this.session = session;
    this.scratch = scratch;
  }

  SparkSession session() {
    return session;
  }

  Path scratch() {
    return scratch;
  }

  /** Whether Spark SQL can read a column; it refuses nanoseconds, times of day and UUIDs. */
  static boolean canRead(Type column) {
    try {
      new ParquetToSparkSchemaConverter(SQLConf.get()).convert(new MessageType("row", column));
      return true;
    } catch (Exception e) { // Scala's exceptions are not declared
      return false;
    }
  }

  /** The id of the row of a group that is kept. */
  static Column kept(CurateConfig.Keep keep) {
    Column rank = col(keep == CurateConfig.Keep.BEST ? "score" : "length");
    Column first = negate(col(ID)).as("negated");
    return keep == CurateConfig.Keep.FIRST
        ? min(ID)
        : negate(max(struct(rank, first)).getField("negated"));
  }

  /** The rows that no step has removed. */
  Dataset<Row> rows() {
    Dataset<Row> rows = all();
    for (Dataset<Row> table : removed) {
      rows = rows.join(table.select(ID), ID, "left_anti");
    }
    return rows;
  }

  /** All rows, with those that cannot be read. */
  Dataset<Row> all() {
    return read(SketchSplit.SKETCHES);
  }

  /** The buckets of each row's signature. */
  Dataset<Row> buckets() {
    return read(SketchSplit.BUCKETS);
  }

  Dataset<Row> read(String name) {
    return session.read().parquet(new Path(scratch, name).toString());
  }

  /**
   * The rows, computed and kept as files.
   *
   * @param name of the folder
   * @param query words for it in the progress
   */
  Dataset<Row> stored(String name, String query, Dataset<Row> rows) {
    write(rows.write(), query, new Path(scratch, name));
    return read(name);
  }

  private void write(DataFrameWriter<Row> rows, String query, Path folder) {
    QueryProgress.show(
        session.sparkContext(),
        "curate: " + query,
        () -> rows.option("compression", "snappy").parquet(folder.toString()));
  }

  /**
   * Removes rows.
   *
   * @param rows at least with an {@code id}; the columns that follow are over them
   * @param reason why
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

  void removeUnreadable() {
    Dataset<Row> bad = all().where(col("reason").isNotNull());
    remove(Step.READ, bad, col("reason"), lit(""), lit(Removal.NONE));
  }

  /**
   * Writes the decisions on all rows.
   *
   * @return the folder, for {@link Removal#ofSplit}
   */
  Path decisions() {
    Path folder = new Path(scratch, "removals");
    Column split = shiftright(col(ID), RowId.POSITION_BITS).as("split");
    Dataset<Row> rows =
        removed.stream()
            .reduce(Dataset::union)
            .orElseThrow()
            .select(col("*"), split)
            .repartition(col("split")); // one file a split
    write(rows.write().partitionBy("split"), "decisions", folder);
    return folder;
  }
}
