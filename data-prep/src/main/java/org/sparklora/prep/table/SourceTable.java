package org.sparklora.prep.table;

import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.table.TableException;

/**
 * A table at one version; every reading gives the same rows.
 *
 * @param location folder of its files; empty if it has none
 * @param id the table's own, if its format has one; else empty
 * @param version Delta Lake's version, Iceberg's snapshot; of other tables a SHA-256 over their
 *     files' paths, sizes and versions, or over their rows if they have no files
 * @param rows all rows and columns of the table; lazy
 * @param position the position of a row in the data files; empty if Spark does not tell it
 */
record SourceTable(
    Address address,
    String location,
    String id,
    String version,
    Dataset<Row> rows,
    Optional<Position> position) {

  /** Words for a version, by format. */
  private static final Map<String, String> VERSIONS =
      Map.of(TableFormat.DELTA.word(), "version", TableFormat.ICEBERG.word(), "snapshot");

  /**
   * Where Spark finds a table: in a catalogue, or in files.
   *
   * @param name as the user names the table
   * @param format such as delta, iceberg, parquet
   * @param location of the table's files, qualified; a catalogue may know none
   * @param cataloged whether {@code name} is a table of a catalogue
   */
  record Address(
      SparkSession spark, String name, String format, String location, boolean cataloged) {

    Dataset<Row> current() {
      return cataloged
          ? spark.table(name)
          : spark.read().format(format).options(TableFormat.of(format).options()).load(location);
    }

    /** The rows of one version, which the format's reader takes as {@code option}. */
    Dataset<Row> at(String option, long version) {
      return cataloged
          ? spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(name, version))
          : spark.read().format(format).option(option, version).load(location);
    }
  }

  String name() {
    return address.name();
  }

  /** For messages: the name, and the version if the format has versions. */
  String label() {
    return VERSIONS.containsKey(address.format())
        ? "%s %s %s".formatted(name(), VERSIONS.get(address.format()), version)
        : name();
  }

  /** Throws {@link TableException} if the table has no versions and has changed. */
  void requireUnchanged() {
    if (!VERSIONS.containsKey(address.format())
        && !TableDigest.of(address.format(), rows).equals(version)) {
      throw new TableException(
          "Cannot use what was read of %s: its files or rows changed meanwhile; read it when nobody writes to it"
              .formatted(name()));
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

    static final Position OF_FILES =
        new Position(
            functions.col("_metadata.file_path"),
            functions.col("_metadata.file_block_start"),
            functions.monotonically_increasing_id());

    static final Position OF_HIVE =
        new Position(
            functions.input_file_name(),
            functions.expr("input_file_block_start()"),
            functions.monotonically_increasing_id());

    static final Position OF_ICEBERG =
        new Position(functions.col("_file"), functions.lit(0L), functions.col("_pos"));
  }
}
