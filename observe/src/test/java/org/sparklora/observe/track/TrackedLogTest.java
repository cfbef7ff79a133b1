package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.NonFiniteLossException;

/** One run from its log to what trackers show, read back by SQL and from event files. */
class TrackedLogTest {
  private static final Configuration HADOOP = new Configuration();
  @TempDir Path folder;

  private final String project = "test-" + UUID.randomUUID();
  private final TrackedLog.Run run =
      new TrackedLog.Run(
          "my run",
          new TrackingConfig(
              EnumSet.of(TrackingConfig.Tracker.TRACKIO, TrackingConfig.Tracker.TENSORBOARD),
              project,
              0.05,
              Optional.empty()),
          "lora_r: 8\nhub_token: hf_secret\n");

  private Path output() {
    return folder.resolve("out");
  }

  private RunFolder open(boolean resume) {
    return RunFolder.open(
        HADOOP, output().toString(), false, resume ? Optional.of("true") : Optional.empty());
  }

  private static Map<String, Object> row(int step, double loss) {
    return Map.of("step", step, "loss", loss, "epoch", step / 10.0);
  }

  private List<String> sql(String query) throws SQLException {
    try (Connection database = TrackioDatabase.open(databaseFile());
        Statement statement = database.createStatement();
        ResultSet result = statement.executeQuery(query)) {
      List<String> rows = new ArrayList<>();
      while (result.next()) {
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
          columns.add(result.getString(i));
        }
        rows.add(String.join(" ", columns));
      }
      return rows;
    }
  }

  private Path databaseFile() {
    return Path.of(TrackioDatabase.folderName(System.getenv())).resolve(project + ".db");
  }

  private List<String> trackio() throws SQLException {
    return sql("SELECT step, json_extract(metrics, '$.\"train/loss\"') FROM metrics ORDER BY id");
  }

  private List<String> tensorBoard() throws IOException {
    return EventReader.points(output().resolve("runs/my_run")).stream()
        .filter(point -> point.tag().equals("train/loss"))
        .map(point -> point.step() + " " + point.value())
        .toList();
  }

  @Test
  void trackersShowEachRowOnceAlsoAfterAResume() throws IOException, SQLException {
    try (RunFolder first = open(false);
        TrackedLog log = TrackedLog.begin(first, List.of(), run)) {
      for (int step = 1; step <= 5; step++) {
        log.log(row(step, step));
        if (step == 2) {
          first.saveCheckpoint(2, local -> Files.writeString(local.resolve("a"), ""));
        }
      }
      log.log(Map.of("step", 5, "eval_loss", 0.5, "eval_runtime", 2.0));
    }
    assertThat(trackio()).containsExactly("1 1.0", "2 2.0", "3 3.0", "4 4.0", "5 5.0", "5 null");
    String id = sql("SELECT DISTINCT run_id FROM metrics").get(0);

    // killed after step 5, and goes on from checkpoint-2 on another curve
    try (RunFolder second = open(true);
        TrackedLog log = TrackedLog.begin(second, List.of(row(1, 1), row(2, 2)), run)) {
      for (int step = 3; step <= 4; step++) {
        log.log(row(step, step + 0.5));
      }
    }
    List<String> curve = List.of("1 1.0", "2 2.0", "3 3.5", "4 4.5");
    assertThat(trackio()).isEqualTo(curve);
    assertThat(tensorBoard()).isEqualTo(curve);
    assertThat(sql("SELECT DISTINCT run_id, run_name FROM metrics"))
        .containsExactly(id + " my run");
    assertThat(sql("SELECT log_id FROM metrics ORDER BY id LIMIT 1")).containsExactly(id + ":1");
  }

  @Test
  void namesAreTransformersAndSettingsKeepNoSecret() throws IOException, SQLException {
    try (RunFolder out = open(false);
        TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      log.log(Map.of("step", 5, "eval_loss", 0.5));
      log.log(Map.of("step", 5, "train_runtime", 2.0));
    }
    assertThat(sql("SELECT metrics FROM metrics ORDER BY id"))
        .containsExactly("{\"eval/loss\":0.5}", "{\"train/train_runtime\":2.0}");
    assertThat(sql("SELECT json_extract(config, '$.lora_r'), run_name FROM configs"))
        .containsExactly("8 my run");
    assertThat(sql("SELECT config FROM configs").get(0)).doesNotContain("hf_secret");
    assertThat(sql("PRAGMA user_version")).containsExactly("2");
  }

  @Test
  void completionsAreATableOfTrackios() throws IOException, SQLException {
    try (RunFolder out = open(false);
        TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      Map<String, Object> completion = Map.of("completion", "4 is 4\n", "advantage", 0.5);
      log.log(Map.of("step", 1, "reward", 1.0, "completions", List.of(completion)));
    }
    String table = "json_extract(metrics, '$.completions";
    assertThat(
            sql(
                "SELECT %1$s._type'), %1$s._value[0].completion'), %1$s._value[0].advantage'), json_extract(metrics, '$.\"train/reward\"') FROM metrics"
                    .formatted(table)))
        .containsExactly("trackio.table 4 is 4\n 0.5 1.0");
  }

  /** As Spark's are, when executors are lost or jobs cancelled. */
  @Test
  void aCheckedFailureIsAnAlertInTheLogToo() throws IOException {
    RunFolder out = open(false);
    try (TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      log.log(Map.of("step", 1, "loss", 0.5));
      assertThatThrownBy(
              () ->
                  log.guard(
                      () -> {
                        throw new IOException("Job aborted");
                      }))
          .isInstanceOf(IOException.class);
      assertThat(Files.readString(output().resolve("metrics.jsonl")))
          .contains("\"title\":\"Training stopped\"", "Job aborted");
    }
    out.close();
  }

  @Test
  void anAlertIsInTheLogAndInTrackio() throws IOException, SQLException {
    RunFolder out = open(false);
    try (TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      log.log(Map.of("step", 1, "sampling/sampling_logp_difference/mean", 0.04));
      assertThatThrownBy(
              () ->
                  log.guard(
                      () -> {
                        throw new IllegalStateException(
                            new NonFiniteLossException("loss", Double.NaN, 3, 1));
                      }))
          .isInstanceOf(IllegalStateException.class);
      assertThat(Files.readString(output().resolve("metrics.jsonl")))
          .contains(
              "\"alerts\":[{\"level\":\"warn\",\"title\":\"Sampler and learner drift apart\"");
    }
    out.close();
    assertThat(sql("SELECT level, step, title, run_name FROM alerts ORDER BY id"))
        .containsExactly(
            "warn 1 Sampler and learner drift apart my run", "error 1 Loss is not finite my run");
  }

  @Test
  void aLockedDatabaseHoldsNothingUpAndIsToldInTheEnd() throws IOException, SQLException {
    Files.createDirectories(databaseFile().getParent());
    try (RunFolder out = open(false)) {
      TrackedLog log;
      try (Connection other = TrackioDatabase.open(databaseFile());
          Statement statement = other.createStatement()) {
        statement.executeUpdate("BEGIN IMMEDIATE");
        log = TrackedLog.begin(out, List.of(), run);
        log.log(row(1, 1));
        statement.executeUpdate("ROLLBACK");
      }
      log.log(row(2, 2));
      log.close();
    }
    assertThat(trackio()).containsExactly("1 1.0", "2 2.0");
  }

  /** A callback in Python ends the run by an exception in the same way. */
  @Test
  @Timeout(60)
  void aRowWhoseFollowerFailsIsToldToTrackersToo() throws Exception {
    try (RunFolder out = open(false);
        TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      log.log(row(1, 1));
      // trackers read the log once, at their start; the second row comes later
      while (!Files.exists(output().resolve("runs/my_run")) || tensorBoard().isEmpty()) {
        Thread.sleep(1);
      }
      log.follow(
          row -> {
            throw new IllegalStateException("enough");
          });
      assertThatThrownBy(() -> log.log(row(2, 2))).hasMessage("enough");
    }
    assertThat(trackio()).containsExactly("1 1.0", "2 2.0");
  }

  @Test
  void aRunThatSavesNothingLeavesNothing() throws IOException {
    try (RunFolder out = open(false);
        TrackedLog log = TrackedLog.begin(out, List.of(), run)) {
      log.log(row(1, 1));
    }
    assertThat(output()).doesNotExist();
  }
}
