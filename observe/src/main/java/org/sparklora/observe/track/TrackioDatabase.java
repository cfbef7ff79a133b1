package org.sparklora.observe.track;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sqlite.SQLiteConfig;

/**
 * The SQLite file of one Trackio project, in the schema of Trackio 0.43, which adds missing tables
 * when it first opens the file.
 *
 * <p>The file is in {@code TRACKIO_DIR}, else in {@code $HF_HOME/trackio}, on the driver's local
 * disk: SQLite's locks are unreliable on network file systems, and it cannot open Hadoop's files.
 */
final class TrackioDatabase {
  /** Longest wait for a lock; Trackio itself waits for 10 s. */
  private static final int BUSY_MILLIS = 5_000;

  private static final int SCHEMA_VERSION = 2;

  /** Prefix of other files of Trackio. */
  private static final String RESERVED_PREFIX = "registry-";

  private static final List<String> RESERVED_SUFFIXES =
      List.of(
          "_system",
          "_configs",
          "_traces",
          "_artifacts",
          "_artifact_versions",
          "_artifact_aliases",
          "_run_artifact_links",
          "_external_run_artifact_links");

  private static final List<String> SCHEMA =
      List.of(
          """
          CREATE TABLE IF NOT EXISTS metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            timestamp TEXT NOT NULL, run_name TEXT NOT NULL, step INTEGER NOT NULL, metrics TEXT NOT NULL,
            log_id TEXT, space_id TEXT)""",
          """
          CREATE TABLE IF NOT EXISTS configs (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            run_name TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL, UNIQUE(run_id))""",
          """
          CREATE TABLE IF NOT EXISTS system_metrics (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            timestamp TEXT NOT NULL, run_name TEXT NOT NULL, metrics TEXT NOT NULL, log_id TEXT, space_id TEXT)""",
          """
          CREATE TABLE IF NOT EXISTS alerts (id INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL,
            timestamp TEXT NOT NULL, run_name TEXT NOT NULL, title TEXT NOT NULL, text TEXT,
            level TEXT NOT NULL DEFAULT 'warn', step INTEGER, alert_id TEXT)""",
          "CREATE INDEX IF NOT EXISTS idx_metrics_run_step ON metrics(run_id, step)",
          "CREATE INDEX IF NOT EXISTS idx_metrics_run_timestamp ON metrics(run_id, timestamp)",
          "CREATE UNIQUE INDEX IF NOT EXISTS idx_metrics_log_id ON metrics(log_id) WHERE log_id IS NOT NULL",
          "CREATE INDEX IF NOT EXISTS idx_metrics_pending ON metrics(space_id) WHERE space_id IS NOT NULL",
          "CREATE INDEX IF NOT EXISTS idx_configs_run_name ON configs(run_name)",
          "CREATE INDEX IF NOT EXISTS idx_system_metrics_run_timestamp ON system_metrics(run_id, timestamp)",
          "CREATE UNIQUE INDEX IF NOT EXISTS idx_system_metrics_log_id ON system_metrics(log_id)"
              + " WHERE log_id IS NOT NULL",
          "CREATE INDEX IF NOT EXISTS idx_system_metrics_pending ON system_metrics(space_id)"
              + " WHERE space_id IS NOT NULL",
          "CREATE INDEX IF NOT EXISTS idx_alerts_run ON alerts(run_id)",
          "CREATE INDEX IF NOT EXISTS idx_alerts_timestamp ON alerts(timestamp)",
          "CREATE UNIQUE INDEX IF NOT EXISTS idx_alerts_alert_id ON alerts(alert_id) WHERE alert_id IS NOT NULL");

  private TrackioDatabase() {}

  /** Refuses a project's name that Trackio would refuse, and a folder that is not local. */
  static void requireUsable(String project) {
    String name = fileName(project);
    ConfigException.require(
        !name.startsWith(RESERVED_PREFIX),
        Flags.PROJECT,
        project,
        "Trackio keeps names that begin with %s for itself".formatted(RESERVED_PREFIX));
    RESERVED_SUFFIXES.forEach(
        suffix ->
            ConfigException.require(
                !name.endsWith(suffix) || name.equals(suffix),
                Flags.PROJECT,
                project,
                "Trackio keeps names that end in %s for itself".formatted(suffix)));
    String folder = folderName(System.getenv());
    ConfigException.require(
        !folder.contains("://"),
        "TRACKIO_DIR",
        folder,
        "Trackio's database must lie on a disk of the driver; name a local folder");
  }

  /** Letters, digits, {@code -} and {@code _} of a project's name, as Trackio names its file. */
  static String fileName(String project) {
    StringBuilder kept = new StringBuilder();
    project
        .codePoints()
        .filter(c -> Character.isLetterOrDigit(c) || c == '-' || c == '_')
        .forEach(kept::appendCodePoint);
    return kept.isEmpty() ? "default" : kept.toString();
  }

  /** Trackio's folder, as its Python package finds it. */
  static String folderName(Map<String, String> environment) {
    String home = home(environment);
    String cache = variable(environment, "XDG_CACHE_HOME").orElse(home + "/.cache");
    String hub = variable(environment, "HF_HOME").orElse(cache + "/huggingface");
    // huggingface_hub, unlike Trackio, reads a leading ~ of its variables as the user's home
    String whole = hub.replaceFirst("^~(?=/|$)", Matcher.quoteReplacement(home));
    return variable(environment, "TRACKIO_DIR").orElse(whole + "/trackio");
  }

  /** The user's home folder, as Python finds it: {@code HOME} before the system's user database. */
  static String home(Map<String, String> environment) {
    return variable(environment, "HOME").orElse(System.getProperty("user.home"));
  }

  private static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name)).filter(value -> !value.isEmpty());
  }

  /**
   * Opens a project's file, and creates it if it does not exist. The connection commits each
   * statement: otherwise the JDBC driver would start the next transaction at once and block other
   * writers.
   */
  static Connection open(String project) throws IOException, SQLException {
    Path folder = Path.of(folderName(System.getenv()));
    Files.createDirectories(folder);
    return open(folder.resolve(fileName(project) + ".db"));
  }

  static Connection open(Path file) throws SQLException {
    SQLiteConfig config = new SQLiteConfig();
    config.setBusyTimeout(BUSY_MILLIS);
    config.setJournalMode(SQLiteConfig.JournalMode.WAL);
    config.setSynchronous(SQLiteConfig.SynchronousMode.NORMAL);
    Connection connection = config.createConnection("jdbc:sqlite:" + file);
    try (Statement statement = connection.createStatement()) {
      for (String sql : SCHEMA) {
        statement.executeUpdate(sql);
      }
      int version = statement.executeQuery("PRAGMA user_version").getInt(1);
      if (version < SCHEMA_VERSION && isNew(statement)) {
        statement.executeUpdate("PRAGMA user_version = " + SCHEMA_VERSION);
      }
      return connection;
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
  }

  /** Whether the file has no rows; Trackio itself migrates files of older versions. */
  private static boolean isNew(Statement statement) throws SQLException {
    return statement
            .executeQuery("SELECT (SELECT COUNT(*) FROM metrics) + (SELECT COUNT(*) FROM configs)")
            .getInt(1)
        == 0;
  }
}
