package org.sparklora.prep.table;

import java.sql.Timestamp;
import java.util.List;
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

  /** Opens the snapshot that a revision names; {@link ConfigException} if there is none. */
  static SourceTable open(SourceTable.Address table, TableRevision revision) {
    List<Long> found = ids(find(table, revision), 1);
    long snapshot = found.stream().findFirst().orElseThrow(() -> unknown(table, revision));
    return new SourceTable(
        table,
        table.location(),
        "",
        Long.toString(snapshot),
        table.at("snapshot-id", snapshot),
        Optional.of(SourceTable.Position.OF_ICEBERG));
  }

  private static Dataset<Row> find(SourceTable.Address table, TableRevision revision) {
    if (revision.number().isPresent()) {
      Column same = functions.col(SNAPSHOT).equalTo(revision.number().get());
      return metadata(table, "snapshots").where(same);
    }
    if (revision.time().isPresent()) {
      Column since = functions.col("made_current_at");
      Column until = since.leq(functions.lit(Timestamp.from(revision.time().get())));
      return metadata(table, "history").where(until).orderBy(since.desc());
    }
    String branch = revision.isCurrent() ? MAIN : revision.text();
    return metadata(table, "refs").where(functions.col("name").equalTo(branch));
  }

  private static Dataset<Row> metadata(SourceTable.Address table, String of) {
    return AskedOfTables.of(
        Flags.DATASET_NAME,
        table.name(),
        "name the folder that has Iceberg's metadata, or the table by its catalogue",
        () ->
            table.cataloged()
                ? table.spark().table(table.name() + "." + of)
                : table.spark().read().format(table.format()).load(table.location() + "#" + of));
  }

  private static List<Long> ids(Dataset<Row> table, int most) {
    return table.select(SNAPSHOT).limit(most).collectAsList().stream()
        .map(row -> row.getLong(0))
        .toList();
  }

  private static ConfigException unknown(SourceTable.Address table, TableRevision revision) {
    if (revision.isCurrent()) {
      return new ConfigException(
          Flags.DATASET_NAME, table.name(), "it has no snapshot: nothing was written yet");
    }
    Dataset<Row> latest =
        metadata(table, "snapshots").orderBy(functions.col("committed_at").desc());
    return new ConfigException(
        Flags.DATASET_REVISION,
        revision.text(),
        "the table has no such snapshot, branch or tag, or its history begins later; its latest snapshots are "
            + ids(latest, SHOWN).stream().map(String::valueOf).collect(Collectors.joining(", ")));
  }
}
