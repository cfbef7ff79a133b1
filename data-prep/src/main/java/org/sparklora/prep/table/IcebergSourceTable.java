package org.sparklora.prep.table;

import java.sql.Timestamp;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * An Iceberg table at one snapshot.
 *
 * @param rows of that snapshot
 */
record IcebergSourceTable(TableIdentity identity, Dataset<Row> rows) implements SourceTable {
  private static final String SNAPSHOT = "snapshot_id";
  private static final int SHOWN = 5;

  /**
   * Finds the snapshot and opens it.
   *
   * @param name as the user names it
   * @param location of the table
   * @param cataloged whether {@code name} is a table of a catalogue
   * @throws ConfigException if there is no such snapshot
   */
  static IcebergSourceTable open(
      SparkSession spark, String name, String location, boolean cataloged, TableRevision revision) {
    Function<String, Dataset<Row>> metadata =
        table ->
            AskedOfTables.of(
                Flags.DATASET_NAME,
                name,
                "name the folder that has Iceberg's metadata, or the table by its catalogue",
                () ->
                    cataloged
                        ? spark.table(name + "." + table)
                        : spark
                            .read()
                            .format(TableFormat.ICEBERG.word())
                            .load(location + "#" + table));
    long snapshot = snapshot(metadata, name, revision);
    Dataset<Row> rows =
        cataloged
            ? spark.sql("SELECT * FROM %s VERSION AS OF %s".formatted(name, snapshot))
            : spark
                .read()
                .format(TableFormat.ICEBERG.word())
                .option("snapshot-id", snapshot)
                .load(location);
    return new IcebergSourceTable(
        new TableIdentity(name, TableFormat.ICEBERG.word(), location, "", Long.toString(snapshot)),
        rows);
  }

  private static long snapshot(
      Function<String, Dataset<Row>> metadata, String name, TableRevision revision) {
    if (revision instanceof TableRevision.Numbered numbered) {
      return first(metadata.apply("snapshots"), functions.col(SNAPSHOT).equalTo(numbered.number()))
          .orElseThrow(() -> unknown(Long.toString(numbered.number()), metadata));
    }
    if (revision instanceof TableRevision.Named named) {
      return first(metadata.apply("refs"), functions.col("name").equalTo(named.name()))
          .orElseThrow(() -> unknown(named.name(), metadata));
    }
    if (revision instanceof TableRevision.At at) {
      return first(
              metadata.apply("history").orderBy(functions.col("made_current_at").desc()),
              functions.col("made_current_at").leq(functions.lit(Timestamp.from(at.time()))))
          .orElseThrow(() -> unknown(at.time().toString(), metadata));
    }
    return first(metadata.apply("refs"), functions.col("name").equalTo("main"))
        .orElseThrow(
            () ->
                new ConfigException(
                    Flags.DATASET_NAME, name, "it has no snapshot: nothing was written yet"));
  }

  private static Optional<Long> first(Dataset<Row> table, Column condition) {
    return table.where(condition).select(SNAPSHOT).limit(1).collectAsList().stream()
        .findFirst()
        .map(row -> row.getLong(0));
  }

  private static ConfigException unknown(String revision, Function<String, Dataset<Row>> metadata) {
    List<Row> there =
        metadata
            .apply("snapshots")
            .orderBy(functions.col("committed_at").desc())
            .select(SNAPSHOT)
            .limit(SHOWN)
            .collectAsList();
    return new ConfigException(
        Flags.DATASET_REVISION,
        revision,
        "the table has no such snapshot, branch or tag, or its history begins later; its latest snapshots are %s"
            .formatted(
                there.stream()
                    .map(row -> Long.toString(row.getLong(0)))
                    .collect(Collectors.joining(", "))));
  }

  @Override
  public Optional<Position> position() {
    return Optional.of(Position.ofIceberg());
  }
}
