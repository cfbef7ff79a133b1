package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;

class TrackioSinkTest {
  @TempDir private Path folder;

  /** A trigger stands for a full disk, on which SQLite ends the transaction, too. */
  @Test
  void aFailureThatEndsTheTransactionIsTheReason() throws SQLException {
    try (Connection database = TrackioDatabase.open(folder.resolve("p.db"));
        Statement statement = database.createStatement()) {
      statement.executeUpdate(
          "CREATE TRIGGER disk BEFORE INSERT ON metrics BEGIN SELECT RAISE(ROLLBACK, 'no room'); END");
      TrackioSink sink = new TrackioSink(database, new RunLabel("ab12", "my run", Map.of()));
      TrackedRow row = new TrackedRow(1, 0, Instant.EPOCH, Map.of("loss", 1), List.of(), List.of());

      assertThatThrownBy(() -> sink.append(row))
          .isInstanceOf(SQLException.class)
          .hasMessageContaining("no room");
    }
  }
}
