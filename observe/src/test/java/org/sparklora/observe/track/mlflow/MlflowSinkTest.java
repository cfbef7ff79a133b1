package org.sparklora.observe.track.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

/** What a server has of a run, whatever happened on the way. */
class MlflowSinkTest {
  @TempDir Path folder;
  private final Map<String, String> environment = new HashMap<>();
  private final Map<String, Object> settings = new LinkedHashMap<>(Map.of("lora_r", 8));
  private final List<Map<String, Object>> log = new ArrayList<>();
  private FakeMlflow server;

  @BeforeEach
  void start() throws IOException {
    server = new FakeMlflow();
    environment.put("MLFLOW_TRACKING_URI", server.uri() + "/");
    environment.put("MLFLOW_EXPERIMENT_NAME", "mine");
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private Sink sink(Optional<String> registeredName) throws IOException {
    return new MlflowSink(
        MlflowConfig.of(environment, folder, registeredName),
        new RunLabel("ab12", "my run", settings),
        FileSystem.getLocal(new Configuration()),
        new org.apache.hadoop.fs.Path(folder.toUri()));
  }

  private Sink sink() throws IOException {
    return sink(Optional.empty());
  }

  /** A row of the log, a second after the one before, by its own clock. */
  private void logged(int step, double loss, int second) {
    log.add(
        Map.of(
            "step",
            step,
            "loss",
            loss,
            "timestamp",
            "2026-01-01T00:00:%02d.000+00:00".formatted(second)));
  }

  private List<TrackedRow> rows() {
    return new TrackedRow.Reader().read(log);
  }

  private TrackedRow last() {
    return rows().get(log.size() - 1);
  }

  @Test
  void aRunHasItsSettingsItsCurvesUnderTransformersNamesAndItsEnd() throws Exception {
    environment.put("MLFLOW_TAGS", "{\"team\": \"a\"}");
    environment.put("MLFLOW_PARENT_RUN_ID", "p1");
    settings.put("long", "x".repeat(7000));
    for (int i = 0; i < 250; i++) {
      settings.put("s" + i, i);
    }
    try (Sink sink = sink()) {
      sink.replay(List.of());
      logged(1, 2.5, 1);
      sink.append(last());
      log.add(Map.of("step", 1, "eval_loss", 0.5, "train_runtime", 3, "a(b)", 1, "run_id", "ab12"));
      sink.append(last());
      sink.end(Optional.of(last()));
    }
    FakeMlflow.Run run = server.only();
    assertThat(run.curve("loss")).containsExactly("1 2.5");
    assertThat(run.curve("eval_loss")).containsExactly("1 0.5");
    assertThat(run.curve("a_b_")).hasSize(1);
    assertThat(run.params).hasSize(252).containsEntry("lora_r", "8").containsEntry("s249", "249");
    assertThat(run.params.get("long")).hasSize(6000).endsWith("x…");
    assertThat(run.tags)
        .containsEntry("team", "a")
        .containsEntry("mlflow.parentRunId", "p1")
        .containsEntry("spark_lora.run_id", "ab12");
    assertThat(run.status).isEqualTo("FINISHED");
  }

  @ParameterizedTest
  @EnumSource(FakeMlflow.Fault.class)
  void anAnswerThatDoesNotEndIsGivenUp(FakeMlflow.Fault fault) throws IOException {
    server.fault = Optional.of(fault);
    MlflowClient client =
        new MlflowClient(
            MlflowServer.of(environment, folder),
            Duration.ofMillis(fault == FakeMlflow.Fault.ENDLESS ? 60_000 : 300));
    assertThatThrownBy(() -> client.get("runs/get", Map.of("run_id", "a")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no answer of " + client.server())
        .hasMessageContaining(
            fault == FakeMlflow.Fault.ENDLESS ? "longer than 67,108,864 bytes" : "did not end");
  }

  @Test
  void aRunThatGoesOnWhereItStoppedStaysTheSameRun() throws Exception {
    logged(1, 3, 1);
    try (Sink sink = sink()) {
      sink.replay(rows());
      logged(2, 2, 2);
      sink.append(last());
      sink.end(Optional.of(last()));
    }
    assertThat(server.only().status).isEqualTo("KILLED");
    settings.put("lora_r", 16);
    try (Sink sink = sink()) {
      sink.replay(rows());
      assertThat(server.only().status).isEqualTo("RUNNING");
      logged(3, 1, 3);
      sink.append(last());
    }
    assertThat(server.runs).hasSize(1);
    assertThat(server.only().curve("loss")).containsExactly("1 3.0", "2 2.0", "3 1.0");
    assertThat(server.only().params).containsEntry("lora_r", "8");
    assertThat(server.only().tags).containsEntry("changed.lora_r", "16");
  }

  /** Tells of steps 1 to 3, and then of none after a checkpoint at step 1. */
  private void killed() throws Exception {
    try (Sink sink = sink()) {
      sink.replay(List.of());
      for (int step = 1; step <= 3; step++) {
        logged(step, step, step);
        sink.append(last());
      }
    }
    log.subList(1, 3).clear();
  }

  @Test
  void stepsThatAKilledAttemptHasToldAreNotToldTwice() throws Exception {
    killed();
    try (Sink sink = sink()) {
      sink.replay(rows());
      for (int step = 2; step <= 4; step++) {
        logged(step, step, 10 + step);
        sink.append(last());
      }
      sink.end(Optional.of(last()));
    }
    assertThat(server.only().curve("loss")).containsExactly("1 1.0", "2 2.0", "3 3.0", "4 4.0");
    try (Sink sink = sink()) { // as `track` later
      sink.replay(rows());
      sink.end(Optional.of(last()));
    }
    assertThat(server.only().curve("loss")).hasSize(4);
  }

  @Test
  void withOtherSettingsValuesThatTheLogNoLongerHoldsGoToTheTrashWithTheirRun() throws Exception {
    killed();
    settings.put("lora_r", 16);
    try (Sink sink = sink()) {
      sink.replay(rows());
      logged(2, 2.5, 12);
      sink.append(last());
    }
    assertThat(server.runs).hasSize(2);
    assertThat(server.runs.get("run0").deleted).isTrue();
    assertThat(server.only().curve("loss")).containsExactly("1 1.0", "2 2.5");
    assertThat(server.only().params).containsEntry("lora_r", "16");
  }

  @Test
  void aRunOfSomebodyElseIsKeptWithTheValuesItHas() throws Exception {
    FakeMlflow.Run theirs = new FakeMlflow.Run();
    server.runs.put("theirs", theirs);
    theirs.points.add("loss 2 5 9.0"); // of a training before this one
    environment.put("MLFLOW_RUN_ID", "theirs");
    try (Sink sink = sink()) {
      sink.replay(List.of());
      for (int step = 1; step <= 3; step++) {
        logged(step, step, step);
        sink.append(last());
      }
    }
    log.subList(1, 3).clear();
    try (Sink sink = sink()) {
      sink.replay(rows());
      for (int step = 2; step <= 4; step++) {
        logged(step, step + 0.5, 10 + step);
        sink.append(last());
      }
    }
    assertThat(server.runs).hasSize(1);
    assertThat(theirs.curve("loss")).containsExactly("2 9.0", "1 1.0", "2 2.0", "3 3.0", "4 4.5");

    environment.remove("MLFLOW_RUN_ID"); // as `track` later
    log.clear();
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    assertThat(theirs.deleted).isFalse();
  }

  /** Two stages log into one run; the second is killed before its first row and checkpoint. */
  @Test
  void valuesOfAnEarlierStageAreNotThoseOfTheKilledAttempt() throws Exception {
    FakeMlflow.Run shared = new FakeMlflow.Run();
    server.runs.put("shared", shared);
    shared.tags.put(MlflowRun.LOG_ID, "stage1");
    shared.points.add("loss 1 5 9.0");
    environment.put("MLFLOW_RUN_ID", "shared");
    try (Sink sink = sink()) {
      sink.replay(List.of());
    }
    try (Sink sink = sink()) {
      sink.replay(List.of());
      logged(1, 2, 1);
      sink.append(last());
    }
    assertThat(shared.curve("loss")).containsExactly("1 9.0", "1 2.0");
  }

  @Test
  void metricsThatOthersHaveAddedDoNotCostARunItsPlace() throws Exception {
    logged(1, 1, 1);
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    server.only().points.add("humaneval 1 9999999999999 0.5");
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    assertThat(server.only().points).hasSize(2);
  }

  @Test
  @Timeout(60)
  void aServerThatIgnoresPagesIsAskedForNoThird() throws Exception {
    logged(1, 1, 1);
    logged(2, 2, 2);
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    server.ignoresPages = true;
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    assertThat(server.calls.stream().filter("metrics/get-history"::equals)).hasSize(2);
  }

  @Test
  void anAnswerThatIsLostDoublesNothing() throws Exception {
    try (Sink sink = sink()) {
      sink.replay(List.of());
      logged(1, 1, 1);
      server.answersToLose = 1;
      sink.append(last());
      logged(2, 2, 2);
      sink.append(last());
    }
    assertThat(server.only().curve("loss")).containsExactly("1 1.0", "2 2.0");
  }

  @Test
  void longLogsGoInBatches() throws Exception {
    for (int step = 1; step <= 1000; step++) {
      logged(step, step, step % 60);
    }
    try (Sink sink = sink()) {
      sink.replay(rows());
    }
    assertThat(server.only().curve("loss")).hasSize(1000);
    assertThat(server.calls.stream().filter("runs/log-batch"::equals))
        .as("and settings")
        .hasSize(3);
  }

  @Test
  void filesGoThroughTheServerAndAModelIsRegisteredOnce() throws Exception {
    Files.writeString(folder.resolve("loss.png"), "png");
    Files.writeString(folder.resolve("adapter_model.safetensors"), "weights");
    Files.writeString(folder.resolve("metrics.jsonl"), "{}");
    Files.createDirectories(folder.resolve("checkpoint-1"));
    log.add(
        Map.of("step", 1, "completions", List.of(Map.of("text", "4 is 4")), "train_runtime", 1.0));
    for (int time = 0; time < 2; time++) {
      try (Sink sink = sink(Optional.of("gsm8k"))) {
        sink.replay(rows());
        sink.end(Optional.of(last()));
      }
    }
    assertThat(server.files.keySet())
        .containsExactly(
            "7/run0/a/completions/step_000001.json",
            "7/run0/a/loss.png",
            "7/run0/a/model/adapter_model.safetensors");
    assertThat(server.files.get("7/run0/a/completions/step_000001.json"))
        .asString()
        .isEqualTo("{\"columns\":[\"text\"],\"data\":[[\"4 is 4\"]]}");
    assertThat(server.versions).containsExactly("gsm8k mlflow-artifacts:/7/run0/a/model");

    server.files.clear();
    try (Sink sink = sink()) {
      sink.replay(rows());
      sink.end(Optional.of(last()));
    }
    assertThat(server.files.keySet())
        .as("weights are sent on demand")
        .noneMatch(file -> file.contains("model"));
  }

  @Test
  void aRefusalIsOneLineWithoutTheToken() throws Exception {
    environment.put("MLFLOW_TRACKING_TOKEN", "secret");
    server.failures = 1;
    try (Sink sink = sink()) {
      assertThatThrownBy(() -> sink.replay(List.of()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("403 PERMISSION_DENIED not yours")
          .hasMessageNotContaining("secret");
    }
    assertThat(server.authorizations).containsExactly("Bearer secret");
  }

  @Test
  void anErrorOfTheServerIsAnAnswer() throws IOException {
    server.failures = 1;
    server.failureStatus = 503;
    MlflowClient client = new MlflowClient(MlflowServer.of(environment, folder));

    assertThatThrownBy(() -> client.get("runs/get", Map.of("run_id", "a")))
        .isInstanceOf(IOException.class)
        .hasMessage(client.server() + " answers runs/get with status 503");
  }

  @Test
  void anAlertIsATag() throws Exception {
    log.add(
        Map.of(
            "step",
            4,
            "alerts",
            List.of(Map.of("level", "error", "title", "Training stopped", "text", "no room"))));
    try (Sink sink = sink()) {
      sink.replay(rows());
      sink.end(Optional.of(last()));
    }
    assertThat(server.only().tags)
        .containsEntry("alert.Training stopped", "error after step 4: no room");
    assertThat(server.only().status).isEqualTo("FAILED");
  }

  @Test
  void aRunWhoseResultsWereNotSavedHasFailed() throws Exception {
    String time = "2026-01-01T00:00:04.000+00:00";
    log.add(Map.of("step", 4, "train_runtime", 1.5, "timestamp", time));
    Map<String, String> alert = Map.of("level", "error", "title", "Training stopped", "text", "");
    log.add(Map.of("step", 4, "alerts", List.of(alert), "timestamp", time));
    try (Sink sink = sink()) {
      sink.replay(rows());
      sink.end(Optional.of(last()));
    }
    assertThat(server.only().status).isEqualTo("FAILED");
  }
}
