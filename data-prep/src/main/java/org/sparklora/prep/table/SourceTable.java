package org.sparklora.prep.table;

import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.table.TableException;

/**
 * A table at one version; every reading gives the same rows.
 *
 * @param identity name and version of the table
 * @param rows all rows and columns of the table; lazy
 * @param position the position of a row in the data files; empty if Spark does not tell it
 */
record SourceTable(TableIdentity identity, Dataset<Row> rows, Optional<Position> position) {

  /** Throws {@link TableException} if the table has no versions and has changed. */
  void requireUnchanged() {
    if (!identity.hasVersions()
        && !TableDigest.of(identity.format(), rows).equals(identity.version())) {
      throw new TableException(
          "Cannot use what was read of %s: its files or rows changed meanwhile; read it when nobody writes to it"
              .formatted(identity.name()));
    }
  }

  /**
   * Columns of {@link #rows()} that together locate a row. Rows sorted by these three are in the
   * order of the files and of the rows in each file, however tasks read the files.
   *
   * @param file path of the data file
   * @param block offset of the part of the file that a task reads
   * @param row grows within a part
   */
  record Position(Column file, Column block, Column row) {

    /** The position of rows from Spark's own file readers. */
    static Position ofFiles() {
      return new Position(
          functions.col("_metadata.file_path"),
          functions.col("_metadata.file_block_start"),
          functions.monotonically_increasing_id());
    }

    /** The position of rows from Hive's file readers. */
    static Position ofHive() {
      return new Position(
          functions.input_file_name(),
          functions.expr("input_file_block_start()"),
          functions.monotonically_increasing_id());
    }

    /** The position of rows from Iceberg. */
    static Position ofIceberg() {
      return new Position(functions.col("_file"), functions.lit(0L), functions.col("_pos"));
    }
  }
}
