package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Folders of processes of their own, whose temporary folder is the test's. */
class ScratchFolderTest {
  @TempDir Path temporary;

  /** Makes a folder, prints it, and waits for the end of standard input. */
  static final class Owner {
    public static void main(String[] arguments) throws IOException {
      Path folder = ScratchFolder.create("thing");
      Files.writeString(folder.resolve("file"), "text");
      System.out.println(folder);
      System.out.println(System.in.read());
    }
  }

  private Process start() throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.io.tmpdir=" + temporary,
            "-cp",
            System.getProperty("java.class.path"),
            Owner.class.getName())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  private static Path folderOf(Process owner) throws IOException {
    return Path.of(owner.inputReader().readLine());
  }

  private List<Path> left() throws IOException {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(file -> file.getFileName().toString().startsWith("spark-lora")).toList();
    }
  }

  @Test
  void processThatEndsLeavesNothing() throws Exception {
    Process owner = start();
    assertThat(folderOf(owner)).exists();
    owner.getOutputStream().close();
    owner.waitFor();
    assertThat(left()).isEmpty();
  }

  @Test
  void foldersOfAKilledProcessGoWithTheNextAndThoseOfALivingOneStay() throws Exception {
    Process killed = start();
    Path dead = folderOf(killed);
    Process living = start();
    Path alive = folderOf(living);
    killed.destroyForcibly().waitFor();
    assertThat(dead).exists();

    Process next = start();
    folderOf(next);
    assertThat(dead.getParent()).doesNotExist();
    assertThat(alive.resolve("file")).exists();
    for (Process process : List.of(living, next)) {
      process.getOutputStream().close();
      process.waitFor();
    }
    assertThat(left()).isEmpty();
  }

  @Test
  void aLockThatIsALinkNamesNobodysFolder() throws IOException {
    Path victim = Files.createFile(temporary.resolve("victim"));
    Path folder = Files.createDirectory(temporary.resolve("spark-lora-scratch-1"));
    Files.createSymbolicLink(temporary.resolve("spark-lora-scratch-1.lock"), victim);

    ScratchFolder.sweep(temporary);

    assertThat(folder).exists();
  }
}
