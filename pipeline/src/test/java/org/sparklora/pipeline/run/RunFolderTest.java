package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

@ExtendWith(QuickHeartbeat.class)
class RunFolderTest {
  private static final Configuration HADOOP = new Configuration();
  private static final Optional<String> FROM_LATEST = Optional.of(RunFolder.LATEST);

  @TempDir Path parent;
  private Path out;

  @BeforeEach
  void name() {
    out = parent.resolve("out");
  }

  private RunFolder open() {
    return open(false, Optional.empty());
  }

  private RunFolder open(boolean overwrite, Optional<String> resume) {
    return RunFolder.open(HADOOP, out.toString(), overwrite, resume);
  }

  private static RunFolder.Writer files(String... names) {
    return local -> {
      for (String name : names) {
        Files.writeString(local.resolve(name), name);
      }
    };
  }

  private List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private void checkpoint(int step) throws IOException {
    Path folder = Files.createDirectories(out.resolve("checkpoint-" + step));
    Files.writeString(folder.resolve("sft_config.yaml"), "");
  }

  /** A run from another folder's checkpoint shares no row with the run that it replaces. */
  @Test
  void theLogOfAReplacedRunIsNotResumed() throws IOException {
    try (RunFolder run = open();
        MetricsLog log = run.begin(List.of())) {
      log.log(Map.of("step", 1, "loss", 9));
      run.saveCheckpoint(1, files("sft_config.yaml"));
    }
    Path other = Files.createDirectories(parent.resolve("other/checkpoint-1"));
    List<Map<String, Object>> earlier = List.of(Map.of("step", 1, "loss", 2));
    try (RunFolder run = open(true, Optional.of(other.toString()))) {
      assertThat(run.replaces()).isTrue();
      run.begin(earlier).close();
      run.saveCheckpoint(2, files("sft_config.yaml"));
    }
    assertThat(out.resolve("metrics.jsonl")).content().contains("\"loss\":2").doesNotContain("9");
    try (RunFolder run = open(true, Optional.of(out.resolve("checkpoint-2").toString()))) {
      assertThat(run.replaces()).isFalse();
    }
  }

  @Test
  void checkpointsAndResultsLieBesideOneAnother() throws IOException {
    try (RunFolder run = open();
        MetricsLog log = run.begin(List.of())) {
      log.log(Map.of("step", 1));
      run.saveCheckpoint(2, files("adapter_config.json", "a"));
      run.saveCheckpoint(10, files("adapter_config.json"));
      assertThat(run.checkpoints()).containsExactly(2, 10);
      run.saveResults(files("adapter_config.json", "b"));
    }
    assertThat(names(out))
        .containsExactly(
            "adapter_config.json", "b", "checkpoint-10", "checkpoint-2", "metrics.jsonl");
    assertThat(names(out.resolve("checkpoint-2"))).containsExactly("a", "adapter_config.json");
  }

  /** Pushes nothing, but reads checkpoints. */
  private record Reader(Set<Integer> steps) implements RunFolder.SaveListener {
    @Override
    public void checkpointSaved(int step, org.apache.hadoop.fs.Path checkpoint) {
      steps.add(step);
    }

    @Override
    public void resultsSaved(org.apache.hadoop.fs.Path folder) {}

    @Override
    public boolean reads(int step) {
      return steps.contains(step);
    }

    @Override
    public void close() {
      steps.clear();
    }
  }

  @Test
  void aCheckpointThatIsReadStaysUntilItIsNot() {
    Reader push = new Reader(new HashSet<>());
    try (RunFolder run = open()) {
      run.whenSaved(push);
      run.saveCheckpoint(1, files("a"));
      run.saveCheckpoint(2, files("a"));
      run.deleteCheckpoint(1);
      assertThat(run.checkpoints()).containsExactly(1, 2);
      push.steps().remove(1);
      run.deleteCheckpoint(1);
      assertThat(run.checkpoints()).containsExactly(2);
      assertThat(push.steps()).containsExactly(2);
    }
    assertThat(push.steps()).as("closed with the folder").isEmpty();
  }

  @Test
  void runThatSavedNothingLeavesNothing() throws IOException {
    try (RunFolder run = open();
        MetricsLog log = run.begin(List.of())) {
      log.log(Map.of("step", 1));
      assertThat(out).isDirectory();
    }
    assertThat(names(parent)).isEmpty();
  }

  @Test
  void checkpointThatCannotBeWrittenLeavesTheOnesBefore() throws IOException {
    try (RunFolder run = open()) {
      run.saveCheckpoint(2, files("a"));
      assertThatThrownBy(
              () ->
                  run.saveCheckpoint(
                      4,
                      local -> {
                        Files.writeString(local.resolve("a"), "half");
                        throw new IOException("No space left on device");
                      }))
          .isInstanceOf(TableException.class)
          .hasMessageContaining("checkpoint-4")
          .hasMessageContaining("No space left on device")
          .hasMessageContaining("checkpoint-2, which is whole");
    }
    assertThat(names(out)).containsExactly("checkpoint-2");
  }

  @Test
  void partsOfAKilledRunAreNoCheckpoints() throws IOException {
    checkpoint(3);
    Files.createDirectories(out.resolve(".part-checkpoint-6"));
    Files.writeString(out.resolve(".part-checkpoint-6/a"), "half");
    try (RunFolder run = open(false, FROM_LATEST)) {
      assertThat(run.resumed().orElseThrow().getName()).isEqualTo("checkpoint-3");
    }
    assertThat(names(out)).containsExactly("checkpoint-3");
  }

  @Test
  void latestIsTheHighestNumber() throws IOException {
    checkpoint(9);
    checkpoint(10);
    Files.writeString(Files.createDirectories(out.resolve("checkpoint-old")).resolve("a"), "a");
    try (RunFolder run = open(true, FROM_LATEST)) {
      assertThat(run.resumed().orElseThrow().getName()).isEqualTo("checkpoint-10");
    }
  }

  @Test
  void aNumberThatIsNoStepIsNoCheckpoint() throws IOException {
    checkpoint(9);
    Files.createDirectories(out.resolve("checkpoint-20261124093000")); // a copy, named by its time
    Files.createDirectories(out.resolve("checkpoint-010"));
    try (RunFolder run = open(false, FROM_LATEST)) {
      assertThat(run.resumed().orElseThrow().getName()).isEqualTo("checkpoint-9");
      assertThat(run.checkpoints()).containsExactly(9);
    }
  }

  private void write(String... names) throws IOException {
    for (String name : names) {
      Files.createDirectories(out.resolve(name).getParent());
      Files.writeString(out.resolve(name), "old");
    }
  }

  @Test
  void oldResultsStayUntilTheNewOnesAreWhole() throws IOException {
    write("config.json", "model.safetensors", "sft_config.yaml", "tokenizer.json");
    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "it holds files already (config.json, model.safetensors, sft_config.yaml and 1 more)")
        .hasMessageContaining("--overwrite_output_dir");
    try (RunFolder run = open(true, Optional.empty())) {
      run.saveCheckpoint(1, files("a"));
      assertThat(names(out)).contains("config.json", "model.safetensors", "tokenizer.json");
      run.saveResults(files("adapter_config.json", "tokenizer.json"));
    }
    assertThat(names(out)).containsExactly("adapter_config.json", "checkpoint-1", "tokenizer.json");
    assertThat(out.resolve("tokenizer.json")).hasContent("tokenizer.json");
  }

  @Test
  void filesThatNoRunWroteStayWhenItsResultsAreReplaced() throws IOException {
    write("grpo_config.yaml", "reward.png", "notes.txt", ".env", "src/main.py", "checkpoint-old/a");
    try (RunFolder run = open(true, Optional.empty())) {
      run.begin(List.of()).close();
      run.saveResults(files("config.json", "sft_config.yaml"));
    }
    assertThat(names(out))
        .containsExactly(
            ".env",
            "checkpoint-old",
            "config.json",
            "metrics.jsonl",
            "notes.txt",
            "sft_config.yaml",
            "src");
    assertThat(out.resolve("src/main.py")).hasContent("old");
  }

  /** A user's project, a downloaded model, a folder of transformers: none has a run's settings. */
  @ParameterizedTest
  @ValueSource(strings = {"README.md", "config.json", "checkpoint-500/config.json", "runs/a/b"})
  void aFolderThatIsNoRunsIsNotReplaced(String file) throws IOException {
    write(file);
    String refused =
        "not known to be an earlier run's (%s)".formatted(file.replaceFirst("/.*", ""));
    assertThatThrownBy(
            () -> RunFolder.requireUsable(HADOOP, out.toString(), true, Optional.empty()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(refused);
    assertThatThrownBy(() -> open(true, Optional.empty())).hasMessageContaining(refused);
    assertThat(out.resolve(file)).hasContent("old");
  }

  /** A sweep keeps outcome and log of a trial of {@code grpo} that it may train further. */
  @Test
  void aTrialWhoseWeightsWereDeletedIsReplaced() throws IOException {
    write("trial.json", "metrics.jsonl");
    RunFolder.requireUsable(HADOOP, out.toString(), true, Optional.empty());
    try (RunFolder run = open(true, Optional.empty())) {
      run.begin(List.of()).close();
      run.saveResults(files("config.json", "grpo_config.yaml"));
    }
    assertThat(names(out)).containsExactly("config.json", "grpo_config.yaml", "metrics.jsonl");
  }

  /** Without a run's log a folder {@code runs} may be another program's. */
  @Test
  void logsOfAKilledRunAreReplacedAndThoseOfOthersAreNot() throws IOException {
    write("runs/a");
    assertThatThrownBy(this::open).hasMessageContaining("it holds files already (runs)");
    assertThat(out.resolve("runs/a")).exists();
    write("metrics.jsonl", "completions/a");
    try (RunFolder run = open()) {
      run.begin(List.of()).close();
      assertThat(names(out)).containsExactly(".run.lock", "metrics.jsonl");
    }
  }

  /** The set is complete, but its files were not all moved when the run was killed. */
  @Test
  void resultsOfAKilledRunAreFinishedByTheNext() throws IOException {
    checkpoint(4);
    Path complete = Files.createDirectories(out.resolve(".results"));
    Files.writeString(complete.resolve("_removed_files"), "model.safetensors\nconfig.json");
    Files.writeString(complete.resolve("b"), "new");
    Files.writeString(complete.resolve("adapter_config.json"), "new");
    Files.writeString(out.resolve("a"), "moved already");
    Files.writeString(out.resolve("model.safetensors"), "old");
    Files.writeString(out.resolve("config.json"), "old");

    open(false, FROM_LATEST).close();

    assertThat(names(out)).containsExactly("a", "adapter_config.json", "b", "checkpoint-4");
    assertThat(out.resolve("adapter_config.json")).hasContent("new");
  }

  @Test
  void killedBeforeTheFirstCheckpointTheSameCommandBeginsAnew() throws IOException {
    Files.createDirectories(out);
    Files.writeString(out.resolve("metrics.jsonl"), "{\"step\":1}\n");
    try (RunFolder run = open(false, FROM_LATEST)) {
      assertThat(run.resumed()).isEmpty();
      run.saveCheckpoint(1, files("a"));
    }
    assertThat(names(out)).contains("checkpoint-1");
  }

  @Test
  void anOpenThatFailsLeavesTheLogsOfAKilledRun() throws IOException {
    Files.createDirectories(out);
    Files.writeString(out.resolve("metrics.jsonl"), "{\"step\":1}\n");
    assertThatThrownBy(() -> open(false, Optional.of(parent.resolve("typo").toString())))
        .hasMessageContaining("no such folder");
    assertThat(names(out)).containsExactly("metrics.jsonl");
  }

  @Test
  void laterCheckpointsAreDroppedOnlyWithPermission() throws IOException {
    checkpoint(2);
    checkpoint(4);
    Optional<String> fromSecond = Optional.of(out.resolve("checkpoint-2").toString());
    assertThatThrownBy(() -> open(false, fromSecond)).hasMessageContaining("of steps [4]");
    try (RunFolder run = open(true, fromSecond)) {
      assertThat(run.checkpoints()).containsExactly(2, 4);
      run.begin(List.of()).close();
      assertThat(run.checkpoints()).containsExactly(2);
    }
  }

  @Test
  void aCheckpointNamedThroughALinkIsOfTheSameRun() throws IOException {
    checkpoint(3);
    checkpoint(5);
    Path link = Files.createSymbolicLink(out.resolveSibling("link"), out);
    try (RunFolder run = open(true, Optional.of(link.resolve("checkpoint-5").toString()))) {
      assertThat(run.replaces()).isFalse();
      run.begin(List.of(Map.of("step", 5))).close();
    }
    assertThat(out.resolve("checkpoint-5")).exists();
  }

  @Test
  void refusesAFileAndACheckpointThatIsNotThere() throws IOException {
    checkpoint(2);
    assertThatThrownBy(() -> open(false, Optional.of(out.resolve("checkpoint-3").toString())))
        .hasMessageContaining("no such folder")
        .hasMessageContaining("steps [2]");
    out = Files.writeString(parent.resolve("file"), "a");
    assertThatThrownBy(this::open).hasMessageContaining("it is a file");
  }

  @Test
  void logThatAKilledRunWasWritingAnewIsPutBack() throws IOException {
    checkpoint(2);
    Files.writeString(out.resolve(".metrics.jsonl.before"), "{\"step\":1,\"run_id\":\"a\"}\n");
    Files.writeString(out.resolve("metrics.jsonl"), "{\"st");
    try (RunFolder run = open(false, FROM_LATEST)) {
      run.begin(List.of(Map.of("step", 1))).close();
    }
    assertThat(names(out)).containsExactly("checkpoint-2", "metrics.jsonl");
    assertThat(out.resolve("metrics.jsonl")).hasContent("{\"step\":1,\"run_id\":\"a\"}");
  }
}
