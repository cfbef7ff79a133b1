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
      TableAddress table =
          query.format().isEmpty()
              ? named(spark, dataset)
              : path(spark, dataset, TableFormat.of(query.format()));
      return new SelectedTable(open(table, query.revision()), query);
    } finally {
      spark.sparkContext().setJobDescription(null);
    }
  }

  private static TableAddress path(SparkSession spark, String dataset, TableFormat format) {
    format.requireRuntime();
    try {
      Path path = new Path(dataset);
      String location =
          path.getFileSystem(spark.sparkContext().hadoopConfiguration())
              .makeQualified(path)
              .toString();
      return new TableAddress(spark, dataset, format.word(), location, false);
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, dataset, "it cannot be looked for (%s)".formatted(e.getMessage()));
    }
  }

  private static TableAddress named(SparkSession spark, String name) {
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
    return new TableAddress(
        spark,
        name,
        view ? TableDigest.VIEW : provider,
        details.getOrDefault("Location", ""),
        true);
  }

  /** The catalogue's properties of the table. */
  private static Map<String, String> details(SparkSession spark, String name) {
    Map<String, String> details = new HashMap<>();
    boolean columns = true; // column names may equal the keys that follow
    for (Row row : spark.sql("DESCRIBE TABLE EXTENDED " + name).collectAsList()) {
      columns = columns && !row.getString(0).startsWith("# Detailed");
      if (!columns) {
        details.put(row.getString(0), row.getString(1));
      }
    }
    return details;
  }

  private static SourceTable open(TableAddress table, String revision) {
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
    Position files = Position.ofFiles();
    try {
      rows.select(files.file(), files.block());
      return Optional.of(files);
    } catch (Exception e) { // Scala's exceptions are not declared; the rows lack these columns
      return format.equals("hive") ? Optional.of(Position.ofHive()) : Optional.empty();
    }
  }
}
