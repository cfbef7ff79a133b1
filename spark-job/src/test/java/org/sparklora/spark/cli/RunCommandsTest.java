package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
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

/** {@code track} and {@code verify-run}, on logs that are written here. */
class RunCommandsTest {
  private static final int MISUSED = 2;
  private static final int FAILED = 1;

  @TempDir private Path folder;
  private final String project = "track-" + UUID.randomUUID();
  @RegisterExtension final Captured out = Captured.out();
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
  void trackSaysWhatIsWrong() throws IOException {
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

  private String output() {
    return out.text() + err.text();
  }

  private String run(String name, double secondLoss) throws IOException {
    Path run = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        run.resolve("metrics.jsonl"),
        "{\"step\":1,\"loss\":2.0,\"peak_memory_heap\":7}\n{\"step\":2,\"loss\":%s,\"num_tokens\":64.0}\n"
            .formatted(secondLoss));
    return run.toString();
  }

  @Test
  void verifyPassesWhatIsAsRecordedAndShowsWhatIsNot() throws IOException {
    String baseline = folder.resolve("new/baseline.json").toString();
    assertThat(Main.run("verify-run", run("a", 1.5), "--baseline", baseline, "--write_baseline"))
        .as(output())
        .isZero();
    assertThat(Main.run("verify-run", run("b", 1.51), "--baseline", baseline))
        .as(output())
        .isZero();
    assertThat(output()).contains("all 3 values are as in " + baseline);

    assertThat(Main.run("verify-run", run("c", 1.6), "--baseline", baseline)).isEqualTo(FAILED);
    assertThat(output())
        .containsPattern("metric +step +expected +found +tolerance")
        .containsPattern("loss +2 +1\\.50000 +1\\.60000 +1\\.00e-06 \\+ 0\\.0200·\\|expected\\|")
        .contains("differs from %s in 1 of 3 values".formatted(baseline));
  }

  @Test
  void whatIsNotRecordedIsCountedByItself() throws IOException {
    String baseline = folder.resolve("short.json").toString();
    assertThat(Main.run("verify-run", run("a", 1.5), "--baseline", baseline, "--write_baseline"))
        .isZero();
    Path longer = Path.of(run("b", 1.6));
    Files.writeString(
        longer.resolve("metrics.jsonl"),
        "{\"step\":3,\"loss\":1.0}\n{\"step\":4,\"loss\":0.5}\n{\"step\":5,\"loss\":0.4}\n",
        StandardOpenOption.APPEND);

    assertThat(Main.run("verify-run", longer.toString(), "--baseline", baseline)).isEqualTo(FAILED);
    assertThat(output()).contains("in 1 of 3 values, and has 3 more");
  }

  @Test
  void verifySaysWhatCannotBeRead() throws IOException {
    String run = run("a", 1.5);
    assertThat(Main.run("verify-run", run, "--baseline", folder.resolve("none").toString()))
        .isEqualTo(MISUSED);
    assertThat(output()).contains("there is no such file; record one with --write_baseline");
    assertThat(Main.run("verify-run", folder.toString(), "--baseline", "x")).isEqualTo(MISUSED);
    assertThat(output()).contains("it holds no metrics.jsonl");
  }
}
