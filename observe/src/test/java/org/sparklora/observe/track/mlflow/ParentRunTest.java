package org.sparklora.observe.track.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.observe.track.Sinks;
import org.sparklora.observe.track.TrackerThread;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.TrackedRow;

/** A run with others below it, as a server has them. */
class ParentRunTest {
  private static final TrackedRow ROW =
      new TrackedRow(1, 0, Instant.ofEpochSecond(1), Map.of("loss", 2.5), List.of(), List.of());

  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private FakeMlflow server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeMlflow();
    environment.put("MLFLOW_TRACKING_URI", server.uri());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private ParentRun parent() throws IOException {
    return parent(folder);
  }

  private ParentRun parent(Path files) throws IOException {
    return new ParentRun(
        MlflowConfig.of(environment, folder, Optional.empty()),
        new RunLabel("5weep", "rates", Map.of("learning_rate", "1e-4, 1e-3")),
        FileSystem.getLocal(new Configuration()),
        new org.apache.hadoop.fs.Path(files.toUri()));
  }

  private void child(ParentRun parent, String id) throws IOException {
    List<TrackerThread> trackers =
        Sinks.of(
            new TrackingConfig(
                EnumSet.of(TrackingConfig.Tracker.MLFLOW), "project", 1, parent.below()),
            new RunLabel(id, "r 1", Map.of("learning_rate", "1e-4")),
            FileSystem.getLocal(new Configuration()),
            new org.apache.hadoop.fs.Path(folder.toUri()));
    trackers.forEach(tracker -> tracker.begin(1, () -> List.of(ROW)));
    TrackerThread.end(trackers);
  }

  @Test
  void runsLieBelowItAndEachIsToldOnce() throws IOException {
    Files.writeString(folder.resolve("trials.csv"), "trial");
    for (int time = 0; time < 2; time++) { // the second finds what the first has made
      ParentRun parent = parent();
      child(parent, "f1r5t");
      child(parent, "5ec0nd");
      parent.finish(Map.of("best_eval_loss", 2.0), Map.of("best_learning_rate", "1e-3"));
    }
    assertThat(server.runs.keySet()).containsExactly("run0", "run1", "run2");
    FakeMlflow.Run parent = server.runs.get("run0");
    assertThat(parent.status).isEqualTo("FINISHED");
    assertThat(parent.curve("best_eval_loss")).containsExactly("0 2.0");
    assertThat(parent.params)
        .containsEntry("learning_rate", "1e-4, 1e-3")
        .containsEntry("best_learning_rate", "1e-3");
    assertThat(parent.tags).doesNotContainKey("mlflow.parentRunId");
    assertThat(server.files).containsKey("7/run0/a/trials.csv");
    for (String name : List.of("run1", "run2")) {
      FakeMlflow.Run child = server.runs.get(name);
      assertThat(child.tags).containsEntry("mlflow.parentRunId", "run0");
      assertThat(child.curve("loss")).containsExactly("1 2.5");
    }
  }

  @Test
  void aMetricThatTheServerNamesOtherwiseIsToldOnce() throws IOException {
    for (int time = 0; time < 2; time++) {
      parent().finish(Map.of("best_pass@1", 0.5), Map.of());
    }
    assertThat(server.only().curve("best_pass_1")).containsExactly("0 0.5");
  }

  @Test
  void aSweepWhoseFilesCannotBeSentHasFinishedAllTheSame() throws IOException {
    parent(folder.resolve("missing")).finish(Map.of("best_eval_loss", 2.0), Map.of());
    assertThat(server.only().status).isEqualTo("FINISHED");
    assertThat(server.files).isEmpty();
  }

  @Test
  void itIsTheRunThatTheEnvironmentGives() throws IOException {
    server.runs.put("theirs", new FakeMlflow.Run());
    environment.put("MLFLOW_RUN_ID", "theirs");
    child(parent(), "f1r5t");
    assertThat(server.runs.keySet()).containsExactly("theirs", "run1");
    assertThat(server.runs.get("run1").tags).containsEntry("mlflow.parentRunId", "theirs");
  }

  @Test
  void withoutAServerTheWorkGoesOn() throws IOException {
    ParentRun parent = parent();
    server.close();
    assertThat(parent.below()).isEmpty();
    parent.finish(Map.of(), Map.of());
    parent.stop();
    assertThat(server.runs).isEmpty();
  }

  @Test
  void withoutAServerOtherTrackersAreToldOfAChild() throws IOException {
    ParentRun parent = parent();
    server.close();
    List<TrackerThread> trackers =
        Sinks.of(
            new TrackingConfig(
                EnumSet.of(TrackingConfig.Tracker.TENSORBOARD, TrackingConfig.Tracker.MLFLOW),
                "project",
                1,
                Optional.empty()),
            parent::below,
            new RunLabel("f1r5t", "r 1", Map.of("learning_rate", "1e-4")),
            FileSystem.getLocal(new Configuration()),
            new org.apache.hadoop.fs.Path(folder.toUri()));
    trackers.forEach(tracker -> tracker.begin(1, () -> List.of(ROW)));

    assertThat(TrackerThread.end(trackers, Duration.ofMinutes(1))).as("MLflow is told").isFalse();
    assertThat(folder.resolve("runs/r_1")).isNotEmptyDirectory();
  }

  @Test
  void oneThatStopsCanGoOn() throws IOException {
    ParentRun parent = parent();
    parent.below();
    parent.stop();
    assertThat(server.only().status).isEqualTo("KILLED");
    parent().below();
    assertThat(server.only().status).isEqualTo("RUNNING");
  }
}
