package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class TrackCommandTest {
  private static final int MISUSED = 2;

  @TempDir private Path folder;
  private final String project = "track-" + UUID.randomUUID();
  @RegisterExtension final Captured err = Captured.err();

  private String message() {
    return err.text();
  }

  /** The run of a killed process: its log's last line is torn, its settings lie in a checkpoint. */
  private Path killedRun() throws IOException {
    Path run = Files.createDirectories(folder.resolve("run"));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        """
        {"step":1,"loss":2.0,"timestamp":"2026-01-01T00:00:01.000+00:00","run_id":"ab"}
        {"step":2,"loss":1.5,"timestamp":"2026-01-01T00:00:02.500+00:00","run_id":"ab"}
        {"step":3,"lo""");
    Files.writeString(
        Files.createDirectories(run.resolve("checkpoint-2")).resolve("grpo_config.yaml"),
        "project: %s\nrun_name: mine\nbeta: 0.5\n".formatted(project));
    return run;
  }

  private List<String> sql(String query) throws SQLException {
    Path file = Path.of(System.getenv("TRACKIO_DIR")).resolve(project + ".db");
    try (Connection database = DriverManager.getConnection("jdbc:sqlite:" + file);
        ResultSet result = database.createStatement().executeQuery(query)) {
      List<String> rows = new ArrayList<>();
      while (result.next()) {
        rows.add(result.getString(1));
      }
      return rows;
    }
  }

  @Test
  void tellsTheProjectOfTheRunOnceHoweverOftenItIsAsked() throws IOException, SQLException {
    Path run = killedRun();
    for (int time = 0; time < 2; time++) {
      assertThat(Main.run("track", run.toString(), "--report_to", "all")).as(message()).isZero();
    }
    assertThat(sql("SELECT log_id || ' ' || timestamp || ' ' || metrics FROM metrics ORDER BY id"))
        .containsExactly(
            "ab:1 2026-01-01T00:00:01.000+00:00 {\"train/loss\":2.0}",
            "ab:2 2026-01-01T00:00:02.500+00:00 {\"train/loss\":1.5}");
    assertThat(sql("SELECT run_name || ' ' || json_extract(config, '$.beta') FROM configs"))
        .containsExactly("mine 0.5");
    try (Stream<Path> events = Files.list(run.resolve("runs/mine"))) {
      assertThat(events).as("the first file is replaced").hasSize(1);
    }
    assertThat(run.resolve(".run.lock")).as("the folder is given back").doesNotExist();
  }

  @Test
  void saysWhatIsWrong() throws IOException {
    Path run = killedRun();
    assertThat(Main.run("track", run.toString())).isEqualTo(MISUSED);
    assertThat(message()).contains("report_to = none").contains("--report_to trackio");

    assertThat(Main.run("track", folder.resolve("x").toString(), "--report_to", "all"))
        .isEqualTo(MISUSED);
    assertThat(message()).contains("there is no such folder");

    assertThat(Main.run("track", folder.toString(), "--report_to", "all")).isEqualTo(MISUSED);
    assertThat(message()).contains("it holds no metrics.jsonl with rows");

    assertThat(Main.run("track", "--report_to", "all")).isEqualTo(MISUSED);
    assertThat(message()).contains("track needs it: --run");

    Files.writeString(run.resolve("metrics.jsonl"), "{\"step\":1}\nx\n{\"step\":2}\n");
    assertThat(Main.run("track", run.toString(), "--report_to", "all")).isNotZero();
    assertThat(message()).contains("Cannot read line 2 of");
  }
}
