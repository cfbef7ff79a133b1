package org.sparklora.prep.table;

import java.sql.Timestamp;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Finds and opens versions of Delta Lake tables. */
final class DeltaHistory {
  private static final String SETTINGS =
      "--conf spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension --conf spark.sql.catalog.spark_catalog=org.apache.spark.sql.delta.catalog.DeltaCatalog";
  private static final String REMEDY = "name the folder that has a _delta_log, and set " + SETTINGS;

  private DeltaHistory() {}

  /** Opens the version that a revision names; {@link ConfigException} if there is none. */
  static SourceTable open(SourceTable.Address table, TableRevision revision) {
    requireExtension(table);
    String limit = revision.time().isPresent() ? "" : "LIMIT 1"; // the latest version
    Dataset<Row> history =
        AskedOfTables.of(
            Flags.DATASET_NAME, table.location(), REMEDY, () -> describe(table, "HISTORY", limit));
    long version = version(history, revision);
    Row detail = first(() -> describe(table, "DETAIL", ""));
    Dataset<Row> rows =
        AskedOfTables.of(
            Flags.DATASET_REVISION,
            Long.toString(version),
            "name another; DESCRIBE HISTORY lists them",
            () -> table.at("versionAsOf", version));
    return new SourceTable(
        table,
        detail.getAs("location"),
        detail.getAs("id"),
        Long.toString(version),
        rows,
        Optional.of(SourceTable.Position.OF_FILES));
  }

  private static Dataset<Row> describe(SourceTable.Address table, String subject, String limit) {
    String folder = table.location().replace("`", "``");
    return table.spark().sql("DESCRIBE %s delta.`%s` %s".formatted(subject, folder, limit));
  }

  /** Refuses a session without Delta Lake's commands, which Spark would take for other SQL. */
  private static void requireExtension(SourceTable.Address table) {
    try {
      table.spark().sessionState().sqlParser().parsePlan("DESCRIBE HISTORY t LIMIT 1");
    } catch (Exception e) { // Spark's ParseException is not declared
      throw new ConfigException(
          Flags.DATASET_NAME,
          table.location(),
          "the session has no commands of Delta Lake; " + REMEDY);
    }
  }

  private static long version(Dataset<Row> history, TableRevision revision) {
    if (revision.number().isPresent()) {
      return revision.number().get();
    }
    ConfigException.require(
        revision.isCurrent() || revision.time().isPresent(),
        Flags.DATASET_REVISION,
        revision.text(),
        "Delta Lake has no branches and tags; give a version's number, or a time such as 2026-11-01T12:00:00Z");
    Column until =
        revision
            .time()
            .map(time -> functions.col("timestamp").leq(functions.lit(Timestamp.from(time))))
            .orElse(functions.lit(true));
    Row latest = first(() -> history.where(until).agg(functions.max("version")));
    ConfigException.require(
        !latest.isNullAt(0),
        Flags.DATASET_REVISION,
        revision.text(),
        "the table's history begins later; DESCRIBE HISTORY lists its versions");
    return latest.getLong(0);
  }

  private static Row first(Callable<Dataset<Row>> question) {
    return AskedOfTables.of(
        Flags.DATASET_FORMAT,
        TableFormat.DELTA.word(),
        "is Delta Lake's extension set? " + SETTINGS,
        () -> question.call().first());
  }
}
