package org.sparklora.prep.table;

import java.sql.Timestamp;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Finds and opens snapshots of Iceberg tables. */
final class IcebergSnapshots {
  private static final String SNAPSHOT = "snapshot_id";
  private static final String MAIN = "main";
  private static final int SHOWN = 5;

  private IcebergSnapshots() {}

  /**
   * Opens the snapshot that a revision names.
   *
   * @throws ConfigException if there is no such snapshot
   */
  static SourceTable open(TableAddress table, TableRevision revision) {
    long snapshot = find(table, revision).orElseThrow(() -> unknown(table, revision));
    return new SourceTable(
        table,
        table.location(),
        "",
        Long.toString(snapshot),
        table.at("snapshot-id", snapshot),
        Optional.of(SourceTable.Position.ofIceberg()));
  }

  private static Optional<Long> find(TableAddress table, TableRevision revision) {
    if (revision.number().isPresent()) {
      Column same = functions.col(SNAPSHOT).equalTo(revision.number().get());
      return first(metadata(table, "snapshots").where(same));
    }
    if (revision.time().isPresent()) {
      Column since = functions.col("made_current_at");
      Column until = since.leq(functions.lit(Timestamp.from(revision.time().get())));
      return first(metadata(table, "history").where(until).orderBy(since.desc()));
    }
    String branch = revision.isCurrent() ? MAIN : revision.text();
    return first(metadata(table, "refs").where(functions.col("name").equalTo(branch)));
  }

  private static Dataset<Row> metadata(TableAddress table, String of) {
    return AskedOfTables.of(
        Flags.DATASET_NAME,
        table.name(),
        "name the folder that has Iceberg's metadata, or the table by its catalogue",
        () -> table.metadata(of));
  }

  private static Optional<Long> first(Dataset<Row> table) {
    return table.select(SNAPSHOT).limit(1).collectAsList().stream()
        .findFirst()
        .map(row -> row.getLong(0));
  }

  private static ConfigException unknown(TableAddress table, TableRevision revision) {
    if (revision.isCurrent()) {
      return new ConfigException(
          Flags.DATASET_NAME, table.name(), "it has no snapshot: nothing was written yet");
    }
    String latest =
        metadata(table, "snapshots")
            .orderBy(functions.col("committed_at").desc())
            .select(SNAPSHOT)
            .limit(SHOWN)
            .collectAsList()
            .stream()
            .map(row -> Long.toString(row.getLong(0)))
            .collect(Collectors.joining(", "));
    return new ConfigException(
        Flags.DATASET_REVISION,
        revision.text(),
        "the table has no such snapshot, branch or tag, or its history begins later; its latest snapshots are "
            + latest);
  }
}
