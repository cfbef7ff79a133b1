package org.sparklora.prep.table;

import java.lang.reflect.InvocationTargetException;
import java.sql.Timestamp;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * A Delta Lake table at one version.
 *
 * @param rows of that version
 */
record DeltaSourceTable(TableIdentity identity, Dataset<Row> rows) implements SourceTable {
  private static final String API = "io.delta.tables.DeltaTable";

  /**
   * Finds the version and opens it.
   *
   * @param name as the user names it
   * @param location of its log
   * @param cataloged whether {@code name} is a table of a catalogue
   * @throws ConfigException if there is no such version
   */
  static DeltaSourceTable open(
      SparkSession spark, String name, String location, boolean cataloged, TableRevision revision) {
    Object api = api(spark, location);
    long version = version(api, revision);
    Row detail = first(api, "detail", table -> table);
    TableIdentity identity =
        new TableIdentity(
            name,
            TableFormat.DELTA.word(),
            detail.getString(detail.fieldIndex("location")),
            detail.getString(detail.fieldIndex("id")),
            Long.toString(version));
    Dataset<Row> rows =
        AskedOfTables.of(
            Flags.DATASET_REVISION,
            Long.toString(version),
            "name another; DESCRIBE HISTORY lists them",
            () ->
                cataloged
                    ? spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(name, version))
                    : spark
                        .read()
                        .format(TableFormat.DELTA.word())
                        .option("versionAsOf", version)
                        .load(location));
    return new DeltaSourceTable(identity, rows);
  }

  private static long version(Object api, TableRevision revision) {
    if (revision instanceof TableRevision.Numbered numbered) {
      return numbered.number();
    }
    if (revision instanceof TableRevision.At at) {
      return versionAt(api, at);
    }
    if (revision instanceof TableRevision.Named named) {
      throw refused(
          named.name(),
          "Delta Lake has no branches and tags; give a version's number, or a time such as 2026-11-01T12:00:00Z");
    }
    return first(api, "history", history -> history.agg(functions.max("version"))).getLong(0);
  }

  private static long versionAt(Object api, TableRevision.At at) {
    Column until = functions.col("timestamp").leq(functions.lit(Timestamp.from(at.time())));
    Row found =
        first(api, "history", history -> history.where(until).agg(functions.max("version")));
    if (found.isNullAt(0)) {
      throw refused(
          at.time().toString(),
          "the table's history begins later; DESCRIBE HISTORY lists its versions");
    }
    return found.getLong(0);
  }

  private static ConfigException refused(String revision, String problem) {
    return new ConfigException(Flags.DATASET_REVISION, revision, problem);
  }

  /** Delta Lake's own API for the table, called by reflection because the user brings its jar. */
  private static Object api(SparkSession spark, String location) {
    return AskedOfTables.of(
        Flags.DATASET_NAME,
        location,
        "name the folder that has a _delta_log, and set --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
        () -> {
          try {
            return Class.forName(API, true, Thread.currentThread().getContextClassLoader())
                .getMethod("forPath", SparkSession.class, String.class)
                .invoke(null, spark, location);
          } catch (ReflectiveOperationException e) {
            throw unwrapped(e);
          }
        });
  }

  /** The first row of a query on the result of {@code method}. */
  private static Row first(Object api, String method, UnaryOperator<Dataset<Row>> question) {
    return AskedOfTables.of(
        Flags.DATASET_FORMAT,
        TableFormat.DELTA.word(),
        "is Delta Lake's extension set? --conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog",
        () -> {
          try {
            @SuppressWarnings("unchecked") // according to Delta Lake's documentation
            Dataset<Row> table = (Dataset<Row>) api.getClass().getMethod(method).invoke(api);
            return question.apply(table).first();
          } catch (ReflectiveOperationException e) {
            throw unwrapped(e);
          }
        });
  }

  private static RuntimeException unwrapped(ReflectiveOperationException e) {
    Throwable cause = e instanceof InvocationTargetException ? e.getCause() : e;
    return cause instanceof RuntimeException own ? own : new IllegalStateException(cause);
  }

  @Override
  public Optional<Position> position() {
    return Optional.of(Position.ofFiles());
  }
}
