package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Locks of processes that end in the midst of a run. */
class RunLockTest {
  private static final int ENDED = 130;

  @TempDir private Path folder;

  /** Takes a folder, says so, computes for ever, and is ended by another thread. */
  static final class Holder {
    private static RunFolder held;

    public static void main(String[] arguments) throws Exception {
      held =
          RunFolder.open(
              StoreOfObjects.configuration(), arguments[0], false, Optional.of(RunFolder.LATEST));
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
            scheme + "://" + folder.resolve("run"))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private long locks() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("run"))) {
      return files.filter(file -> RunLock.isLock(file.getFileName().toString())).count();
    }
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
}
