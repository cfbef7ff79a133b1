package org.sparklora.prep.table;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

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
      return new SelectedTable(
          spark,
          query.format().isEmpty()
              ? named(spark, dataset, query)
              : path(spark, dataset, TableFormat.of(query.format()), query),
          query);
    } finally {
      spark.sparkContext().setJobDescription(null);
    }
  }

  private static SourceTable path(
      SparkSession spark, String dataset, TableFormat format, TableQuery query) {
    format.requireRuntime();
    String location = qualified(spark, dataset);
    TableRevision revision = TableRevision.of(query.revision());
    return switch (format) {
      case DELTA -> DeltaSourceTable.open(spark, dataset, location, false, revision);
      case ICEBERG -> IcebergSourceTable.open(spark, dataset, location, false, revision);
      case ORC, AVRO, TEXT, PARQUET, JSON, CSV -> {
        requireCurrent(revision, query.revision(), format.word());
        Dataset<Row> rows =
            AskedOfTables.of(
                Flags.DATASET_NAME,
                dataset,
                "name a file, folder or glob of the format " + format.word(),
                () -> spark.read().format(format.word()).options(format.options()).load(location));
        yield PlainSourceTable.open(spark, dataset, format.word(), location, rows);
      }
    };
  }

  private static String qualified(SparkSession spark, String dataset) {
    try {
      Path path = new Path(dataset);
      return path.getFileSystem(spark.sparkContext().hadoopConfiguration())
          .makeQualified(path)
          .toString();
    } catch (IOException | IllegalArgumentException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, dataset, "it cannot be looked for (%s)".formatted(e.getMessage()));
    }
  }

  private static SourceTable named(SparkSession spark, String name, TableQuery query) {
    String catalog = name.substring(0, name.indexOf('.'));
    Map<String, String> details =
        AskedOfTables.of(
            Flags.DATASET_NAME,
            name,
            "there is no such file or folder either; name a table as catalog.database.table, with spark.sql.catalog.%s set where %s is not Spark's own spark_catalog"
                .formatted(catalog, catalog),
            () -> details(spark, name));
    String provider = details.getOrDefault("Provider", "").toLowerCase(Locale.ROOT);
    String location = details.getOrDefault("Location", "");
    TableRevision revision = TableRevision.of(query.revision());
    if (provider.equals(TableFormat.DELTA.word())) {
      return DeltaSourceTable.open(spark, name, location, true, revision);
    }
    if (provider.equals(TableFormat.ICEBERG.word())) {
      return IcebergSourceTable.open(spark, name, location, true, revision);
    }
    String format =
        details.getOrDefault("Type", "").contains("VIEW")
            ? PlainSourceTable.VIEW
            : provider.isEmpty() ? "unknown" : provider;
    requireCurrent(revision, query.revision(), format);
    Dataset<Row> rows =
        AskedOfTables.of(
            Flags.DATASET_NAME, name, "can this user read it?", () -> spark.table(name));
    return PlainSourceTable.open(spark, name, format, location, rows);
  }

  /** The catalogue's properties of the table. */
  private static Map<String, String> details(SparkSession spark, String name) {
    List<Row> rows = spark.sql("DESCRIBE TABLE EXTENDED " + name).collectAsList();
    Map<String, String> details = new HashMap<>();
    boolean columns = true; // column names may equal the keys that follow
    for (Row row : rows) {
      columns = columns && !row.getString(0).startsWith("# Detailed");
      if (!columns) {
        details.put(row.getString(0), row.getString(1));
      }
    }
    return details;
  }

  private static void requireCurrent(TableRevision revision, String given, String format) {
    ConfigException.require(
        revision instanceof TableRevision.Current,
        Flags.DATASET_REVISION,
        given,
        "tables of the format %s have no versions: only those of Delta Lake and Iceberg keep older states; leave it out"
            .formatted(format));
  }
}
