package org.sparklora.prep.table;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Where Spark finds a table: in a catalogue, or in files.
 *
 * @param name as the user names the table
 * @param format such as delta, iceberg, parquet
 * @param location of the table's files, qualified; a catalogue may know none
 * @param cataloged whether {@code name} is a table of a catalogue
 */
record TableAddress(
    SparkSession spark, String name, String format, String location, boolean cataloged) {

  /** The current rows of a table without versions. */
  Dataset<Row> current() {
    return cataloged
        ? spark.table(name)
        : spark.read().format(format).options(TableFormat.of(format).options()).load(location);
  }

  /**
   * The rows of one version.
   *
   * @param option the option of the format's reader that takes a version
   */
  Dataset<Row> at(String option, long version) {
    return cataloged
        ? spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(name, version))
        : spark.read().format(format).option(option, version).load(location);
  }

  /** A metadata table of Iceberg, such as {@code snapshots}. */
  Dataset<Row> metadata(String table) {
    return cataloged
        ? spark.table(name + "." + table)
        : spark.read().format(format).load(location + "#" + table);
  }

  /**
   * Delta Lake's properties or versions of the folder.
   *
   * @param subject {@code DETAIL} or {@code HISTORY}
   * @param limit empty, or a number of rows as {@code LIMIT} says it
   */
  Dataset<Row> describe(String subject, String limit) {
    String folder = location.replace("`", "``");
    return spark.sql("DESCRIBE %s delta.`%s` %s".formatted(subject, folder, limit));
  }
}
