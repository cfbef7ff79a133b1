package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

@ExtendWith(QuickHeartbeat.class)
class RunLockTest {
  private static final Configuration HADOOP = new Configuration();
  private static final Optional<String> FROM_LATEST = Optional.of(RunFolder.LATEST);
  private static final int ENDED = 130;

  @TempDir private Path folder;

  /** Takes a folder, says so, computes for ever, and is ended by another thread. */
  static final class Holder {
    private static RunFolder held;

    public static void main(String[] arguments) throws Exception {
      held = RunFolder.open(StoreOfObjects.configuration(), arguments[0], false, FROM_LATEST);
      System.out.println(held.path());
      Thread ending = new Thread(Holder::endWithInput);
      ending.start();
      ending.join();
    }

    private static void endWithInput() {
      try {
        System.out.println(System.in.read());
      } catch (IOException e) {
        System.out.println(e);
      }
      System.exit(ENDED);
    }
  }

  private Process holder(String scheme) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Holder.class.getName(),
            scheme + "://" + out())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private Path out() {
    return folder.resolve("run");
  }

  private RunFolder open(boolean overwrite) {
    return RunFolder.open(HADOOP, out().toString(), overwrite, FROM_LATEST);
  }

  private static void file(Path local) throws IOException {
    Files.writeString(local.resolve("a"), "a");
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(out())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private long locks() throws IOException {
    return names().stream().filter(RunLock::isLock).count();
  }

  /** Another machine could not tell that this one's process is gone. */
  @ParameterizedTest
  @ValueSource(strings = {"file", "store"})
  void processThatEndsWhileItsRunGoesOnGivesItsFolderBack(String scheme) throws Exception {
    Process holder = holder(scheme);
    assertThat(holder.inputReader().readLine()).endsWith("run");
    assertThat(locks()).isEqualTo(1);

    holder.getOutputStream().close();

    assertThat(holder.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(holder.exitValue()).isEqualTo(ENDED);
    assertThat(locks()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"file", "store"})
  void folderOfAProcessThatWasKilledIsTakenAtOnce(String scheme) throws Exception {
    Process killed = holder(scheme);
    assertThat(killed.inputReader().readLine()).endsWith("run");
    killed.destroyForcibly().waitFor();
    assertThat(locks()).isEqualTo(1);

    Process next = holder(scheme);

    assertThat(next.inputReader().readLine()).endsWith("run");
    next.getOutputStream().close();
    assertThat(next.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(locks()).isZero();
  }

  @Test
  void whoHadTheFolderBeforeIsSaidInWords() {
    RunLock.Owner owner = RunLock.Owner.current();

    assertThat(RunLock.ended(Optional.of(owner)))
        .isEqualTo(
            "process %d on %s, which has ended; it had it since %s"
                .formatted(owner.pid(), owner.host(), owner.since()));
    assertThat(RunLock.ended(Optional.empty())).isEqualTo("a run that ended as it began");
  }

  @Test
  void secondRunIsRefusedAndNamesTheFirst() {
    try (RunFolder first = open(false)) {
      assertThat(first.checkpoints()).isEmpty();
      assertThatThrownBy(() -> open(true))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("output_dir = ")
          .hasMessageContaining("process %d on ".formatted(ProcessHandle.current().pid()));
    }
    open(false).close();
    assertThat(out()).doesNotExist();
  }

  private void lock(String host, String space, long pid) throws IOException {
    Files.createDirectories(out());
    Path lock = out().resolve(".run.lock");
    Files.writeString(
        lock,
        "{\"host\":\"%s\",\"space\":\"%s\",\"pid\":%d,\"process\":\"then\",\"since\":\"long ago\",\"id\":\"x\"}"
            .formatted(host, space, pid));
  }

  @Test
  void lockOfAProcessThatIsGoneIsTakenOver() throws IOException {
    String space = RunningProcess.current().space();
    // this very number, but another start: a process that has ended, its number given anew
    lock("here", space, ProcessHandle.current().pid());
    open(false).close();
    lock("here", space, Long.MAX_VALUE);
    open(false).close();
    assertThat(out()).as("nothing is left of either").doesNotExist();
  }

  @Test
  void holderRenewsItsLock() throws IOException {
    Files.createDirectories(out());
    Path file = out().resolve(".run.lock");
    try (RunLock lock =
        RunLock.acquire(
            FileSystem.getLocal(HADOOP).getRawFileSystem(),
            new org.apache.hadoop.fs.Path(out().toUri()))) {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
      lock.beat();
      assertThat(Files.getLastModifiedTime(file).toInstant())
          .isAfter(Instant.now().minus(Duration.ofMinutes(1)));
    }
    assertThat(file).doesNotExist();
  }

  @Test
  void runThatWasTakenForDeadWritesNothingMore() throws IOException {
    try (RunFolder run = open(false)) {
      run.saveCheckpoint(1, RunLockTest::file);
      lock("elsewhere", "", 7);
      assertThatThrownBy(() -> run.saveCheckpoint(2, RunLockTest::file))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("process 7 on elsewhere took it over");
    }
    assertThat(names()).containsExactly(".run.lock", "checkpoint-1");
  }

  @Test
  void onAFullDiskNoNamelessLockStays() throws IOException {
    SmallDisk.leave(0);
    assertThatThrownBy(
            () ->
                RunFolder.open(
                    SmallDisk.configuration(), "smalldisk://" + out(), false, FROM_LATEST))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("No space left on device")
        .hasMessageContaining("--output_dir");
    assertThat(names()).isEmpty();
    open(false).close(); // there is room again
  }
}
