package org.sparklora.prep.table;

import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/** A table at one version, which stays the same however often it is read. */
interface SourceTable {

  /** Which table, and which version. */
  TableIdentity identity();

  /** All its rows and columns; lazy. */
  Dataset<Row> rows();

  /** Where its rows lie in its data files; empty if Spark does not tell. */
  Optional<Position> position();

  /** Throws {@link org.sparklora.pipeline.table.TableException} if it has changed meanwhile. */
  default void requireUnchanged() {}

  /**
   * Columns of {@link #rows()} that together say where a row lies. Whatever tasks read the files,
   * rows sorted by the three are in the order of files and places in them.
   *
   * @param file path of the data file
   * @param block where the piece of the file begins that a task reads
   * @param row grows within a piece
   */
  record Position(Column file, Column block, Column row) {

    /** Of rows that Spark's own readers of files give. */
    static Position ofFiles() {
      return new Position(
          functions.col("_metadata.file_path"),
          functions.col("_metadata.file_block_start"),
          functions.monotonically_increasing_id());
    }

    /** Of rows that Hive's readers of files give. */
    static Position ofHive() {
      return new Position(
          functions.input_file_name(),
          functions.expr("input_file_block_start()"),
          functions.monotonically_increasing_id());
    }

    /** Of rows that Iceberg gives. */
    static Position ofIceberg() {
      return new Position(functions.col("_file"), functions.lit(0L), functions.col("_pos"));
    }
  }
}
