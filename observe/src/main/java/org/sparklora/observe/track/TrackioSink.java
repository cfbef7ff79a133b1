package org.sparklora.observe.track;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.observe.track.sink.Alert;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * Writes a run into a {@linkplain TrackioDatabase project file of Trackio}. Each row has a unique
 * key, so that Trackio's table stores it once.
 *
 * @param database closed with the sink
 */
record TrackioSink(Connection database, RunLabel run) implements Sink {
  private static final ObjectMapper JSON = new ObjectMapper();

  @Override
  public void replay(List<TrackedRow> rows) throws SQLException {
    inTransaction(
        () -> {
          update("DELETE FROM metrics WHERE run_id = ?", run.id());
          update("DELETE FROM alerts WHERE run_id = ?", run.id());
          writeSettings(rows.isEmpty() ? Instant.now() : rows.get(0).time());
          for (TrackedRow row : rows) {
            insert(row);
          }
        });
  }

  private void writeSettings(Instant created) throws SQLException {
    Map<String, Object> settings = new LinkedHashMap<>(run.settings());
    settings.put("_Username", System.getProperty("user.name"));
    settings.put("_Created", TrackedRow.TIME.format(created));
    settings.put("_Group", null);
    update(
        "INSERT OR REPLACE INTO configs (run_id, run_name, config, created_at) VALUES (?, ?, ?, ?)",
        run.id(),
        run.name(),
        json(settings),
        TrackedRow.TIME.format(created));
  }

  @Override
  public void append(TrackedRow row) throws SQLException {
    inTransaction(() -> insert(row));
  }

  private void insert(TrackedRow row) throws SQLException {
    if (!row.metrics().isEmpty()) {
      update(
          """
          INSERT OR IGNORE INTO metrics (run_id, timestamp, run_name, step, metrics, log_id)
          VALUES (?, ?, ?, ?, ?, ?)""",
          run.id(),
          TrackedRow.TIME.format(row.time()),
          run.name(),
          row.step(),
          json(values(row)),
          row.key(run.id()));
    }
    int number = 0;
    for (Alert alert : row.alerts()) {
      update(
          """
          INSERT OR IGNORE INTO alerts (run_id, timestamp, run_name, title, text, level, step, alert_id)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
          run.id(),
          TrackedRow.TIME.format(row.time()),
          run.name(),
          alert.title(),
          alert.text(),
          alert.level().word(),
          row.step(),
          row.key(run.id()) + "!" + number++);
    }
  }

  /** Metrics of a row, and its completions in the format of Trackio's {@code Table}. */
  private static Map<String, Object> values(TrackedRow row) {
    Map<String, Object> values = new LinkedHashMap<>(row.shown());
    if (!row.completions().isEmpty()) {
      values.put(
          TrackedRow.COMPLETIONS,
          new TreeMap<>(Map.of("_type", "trackio.table", "_value", row.completions())));
    }
    return values;
  }

  private interface Work {
    void run() throws SQLException;
  }

  private void inTransaction(Work work) throws SQLException {
    update("BEGIN IMMEDIATE"); // after a read, a write could fail without waiting
    try {
      work.run();
      update("COMMIT");
    } catch (SQLException e) {
      try {
        update("ROLLBACK");
      } catch (SQLException rolledBack) { // SQLite has done so itself, as on a full disk
        e.addSuppressed(rolledBack);
      }
      throw e;
    }
  }

  private void update(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = database.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      statement.executeUpdate();
    }
  }

  private static String json(Map<String, ?> content) {
    return JSON.valueToTree(content).toString();
  }

  @Override
  public void close() throws SQLException {
    database.close();
  }
}
