package org.sparklora.prep.table;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
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
    TableAddress address,
    String location,
    String id,
    String version,
    Dataset<Row> rows,
    Optional<Position> position) {

  String name() {
    return address.name();
  }

  /** For messages: the name, and the version if the format has versions. */
  String label() {
    return switch (address.format()) {
      case "delta" -> "%s version %s".formatted(name(), version);
      case "iceberg" -> "%s snapshot %s".formatted(name(), version);
      default -> name();
    };
  }

  /** The table and version that are read, for a manifest: so that a run can be repeated. */
  Map<String, Object> identity() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name());
    map.put("format", address.format());
    map.put("location", location);
    map.put("id", id);
    map.put("version", version);
    return map;
  }

  /** Throws {@link TableException} if the table has no versions and has changed. */
  void requireUnchanged() {
    boolean hasVersions =
        Stream.of(TableFormat.DELTA, TableFormat.ICEBERG)
            .anyMatch(format -> format.word().equals(address.format()));
    if (!hasVersions && !TableDigest.of(address.format(), rows).equals(version)) {
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
