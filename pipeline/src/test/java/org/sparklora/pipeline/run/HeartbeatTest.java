package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;

/** Runs whose processes cannot be looked up from here. */
@ExtendWith(QuickHeartbeat.class)
class HeartbeatTest {
  private static final String OF_ANOTHER_CONTAINER =
      RunningProcess.current().space().replaceAll("\\[.*", "[1]");

  @TempDir Path parent;
  private Path out;
  private Path lock;

  @BeforeEach
  void name() throws IOException {
    out = Files.createDirectories(parent.resolve("out"));
    lock = out.resolve(".run.lock");
  }

  private RunFolder open() {
    return RunFolder.open(new Configuration(), out.toString(), false, Optional.empty());
  }

  private void lock(String host, String space) throws IOException {
    Files.writeString(
        lock,
        "{\"host\":\"%s\",\"space\":\"%s\",\"pid\":%d,\"process\":\"1\",\"since\":\"then\",\"id\":\"x\"}"
            .formatted(host, space, Long.MAX_VALUE));
  }

  private void requireRefused() {
    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("process %d on ".formatted(Long.MAX_VALUE))
        .hasMessageContaining("has been writing to it since then");
  }

  @Test
  void aRunOfAnotherContainerOfThisNameLivesAlthoughItsNumberIsNobodysHere() throws IOException {
    lock(InetAddress.getLocalHost().getHostName(), OF_ANOTHER_CONTAINER);
    ScheduledExecutorService heart = QuickHeartbeat.beating(lock, Duration.ZERO);
    try {
      requireRefused();
    } finally {
      heart.shutdownNow();
    }
  }

  /** Whatever the name: a container may have none that resolves. */
  @ParameterizedTest
  @ValueSource(strings = {"localhost", "elsewhere"})
  void aRunWhoseMachineIsUnknownLivesByItsHeartbeat(String host) throws IOException {
    lock(host, "");
    ScheduledExecutorService heart = QuickHeartbeat.beating(lock, Duration.ZERO);
    try {
      requireRefused();
    } finally {
      heart.shutdownNow();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {-3600, 3600})
  void aClockThatIsWrongKillsNoLivingRun(long slowSeconds) throws IOException {
    lock("elsewhere", "");
    ScheduledExecutorService heart = QuickHeartbeat.beating(lock, Duration.ofSeconds(slowSeconds));
    try {
      requireRefused();
    } finally {
      heart.shutdownNow();
    }
  }

  /** Also one that seems to come from the future. */
  @ParameterizedTest
  @ValueSource(longs = {-3600, 0, 3600})
  void theLockOfARunThatGivesNoSignIsTakenOver(long oldSeconds) throws IOException {
    lock("elsewhere", OF_ANOTHER_CONTAINER);
    Files.setLastModifiedTime(
        lock, FileTime.from(Instant.now().minus(Duration.ofSeconds(oldSeconds))));
    open().close();
    assertThat(out).as("nothing is left of either").doesNotExist();
  }

  @Test
  void aRunThatWasTakenForDeadNeitherLogsNorDeletesNorCommits() throws IOException {
    try (RunFolder run = open();
        MetricsLog log = run.begin(List.of())) {
      run.saveCheckpoint(1, local -> Files.writeString(local.resolve("a"), "a"));
      log.log(Map.of("step", 1));
      lock("elsewhere", ""); // which goes on from that checkpoint
      assertThatThrownBy(() -> log.log(Map.of("step", 2)))
          .hasMessageContaining("elsewhere took it over")
          .hasMessageContaining("--resume_from_checkpoint true");
      assertThatThrownBy(() -> run.deleteCheckpoint(1)).hasMessageContaining("took it over");
      assertThatThrownBy(() -> run.rounds().forget(3, 1)).hasMessageContaining("took it over");
    }
    assertThat(out.resolve("checkpoint-1/a")).exists();
    assertThat(out.resolve("metrics.jsonl")).hasContent("{\"step\":1}");
  }

  @Test
  void aResultWhoseLockWasTakenLeavesTheOneBeforeAlone() throws IOException {
    Path target = Files.createDirectories(parent.resolve("table"));
    Files.writeString(target.resolve("_files.json"), "before");
    try (OutputFolder folder = OutputFolder.create(new Configuration(), target.toString(), true)) {
      Files.delete(Path.of(folder.work().toUri().getPath() + ".lock"));
      assertThatThrownBy(folder::commit).hasMessageContaining("was removed");
    }
    assertThat(target.resolve("_files.json")).hasContent("before");
  }

  @Test
  void aProcessOfThisMachineIsKnownWithoutAClock() {
    RunningProcess here = RunningProcess.current();
    assertThat(here.isRunning()).contains(true);
    assertThat(here.start()).isEqualTo(RunningProcess.current().start()).containsOnlyDigits();
    String space = here.space();
    assertThat(new RunningProcess(space, here.pid(), "1").isRunning()).contains(false);
    assertThat(new RunningProcess(space, Long.MAX_VALUE, "1").isRunning()).contains(false);
    assertThat(new RunningProcess(OF_ANOTHER_CONTAINER, here.pid(), here.start()).isRunning())
        .isEmpty();
    assertThat(new RunningProcess("", here.pid(), here.start()).isRunning()).isEmpty();
  }
}
