package org.sparklora.prep.table;

import java.io.IOException;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.table.SourceTable.Position;

/** Opens the tables that users name. */
public final class SourceTables {
  private SourceTables() {}

  /**
   * Opens a table and checks the query's settings; reads metadata alone.
   *
   * @param dataset {@code catalog.database.table}, or a path if the query has a format
   * @throws ConfigException if the table or version does not exist, the jar that reads it is not on
   *     the class path, or filter, columns or order cannot be used
   */
  public static SelectedTable open(SparkSession spark, String dataset, TableQuery query) {
    spark.sparkContext().setJobDescription(dataset + ": find the table and its version");
    try {
      SourceTable.Address table =
          query.format().isEmpty()
              ? named(spark, dataset)
              : path(spark, dataset, TableFormat.of(query.format()));
      return new SelectedTable(open(table, query.revision()), query);
    } finally {
      spark.sparkContext().setJobDescription(null);
    }
  }

  private static SourceTable.Address path(SparkSession spark, String dataset, TableFormat format) {
    format.requireRuntime();
    try {
      Path path = new Path(dataset);
      String location =
          path.getFileSystem(spark.sparkContext().hadoopConfiguration())
              .makeQualified(path)
              .toString();
      return new SourceTable.Address(spark, dataset, format.word(), location, false);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, dataset, "it cannot be looked for (%s)".formatted(e.getMessage()));
    }
  }

  private static SourceTable.Address named(SparkSession spark, String name) {
    String catalog = name.substring(0, name.indexOf('.'));
    Map<String, String> details =
        AskedOfTables.of(
            Flags.DATASET_NAME,
            name,
            "there is no such file or folder either; name a table as catalog.database.table, with spark.sql.catalog.%s set where %s is not Spark's own spark_catalog"
                .formatted(catalog, catalog),
            () -> details(spark, name));
    String provider = details.getOrDefault("Provider", "unknown").toLowerCase(Locale.ROOT);
    boolean view = details.getOrDefault("Type", "").contains("VIEW");
    return new SourceTable.Address(
        spark,
        name,
        view ? TableDigest.VIEW : provider,
        details.getOrDefault("Location", ""),
        true);
  }

  private static Map<String, String> details(SparkSession spark, String name) {
    Map<String, String> details = new HashMap<>();
    // names of columns, which come first, may equal keys
    spark.sql("DESCRIBE TABLE EXTENDED " + name).collectAsList().stream()
        .dropWhile(row -> !row.getString(0).startsWith("# Detailed"))
        .forEach(row -> details.put(row.getString(0), row.getString(1)));
    return details;
  }

  private static SourceTable open(SourceTable.Address table, String revision) {
    String format = table.format();
    if (format.equals(TableFormat.DELTA.word())) {
      return DeltaHistory.open(table, TableRevision.of(revision));
    }
    if (format.equals(TableFormat.ICEBERG.word())) {
      return IcebergSnapshots.open(table, TableRevision.of(revision));
    }
    ConfigException.require(
        revision.isEmpty(),
        Flags.DATASET_REVISION,
        revision,
        "tables of the format %s have no versions: only those of Delta Lake and Iceberg keep older states; leave it out"
            .formatted(format));
    Dataset<Row> rows =
        AskedOfTables.of(
            Flags.DATASET_NAME,
            table.name(),
            table.cataloged()
                ? "can this user read it?"
                : "name a file, folder or glob of the format " + format,
            table::current);
    return new SourceTable(
        table, table.location(), "", TableDigest.of(format, rows), rows, position(format, rows));
  }

  private static Optional<Position> position(String format, Dataset<Row> rows) {
    if (format.equals(TableDigest.VIEW)) {
      return Optional.empty();
    }
    try {
      rows.select(Position.OF_FILES.file(), Position.OF_FILES.block());
      return Optional.of(Position.OF_FILES);
    } catch (Exception e) { // Scala's exceptions are not declared; the rows lack these columns
      return format.equals("hive") ? Optional.of(Position.OF_HIVE) : Optional.empty();
    }
  }
}
