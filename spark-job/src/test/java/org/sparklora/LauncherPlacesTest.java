package org.sparklora;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Checkouts, copies of them and installations that {@code bin/spark-lora} runs from, and who may.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "bin/spark-lora is a bash script")
class LauncherPlacesTest extends LauncherRuns {
  @Test
  void buildsOnceAndAgainWhenASourceHasOtherContent() throws Exception {
    run("prep");
    run("prep");
    assertThat(builds()).isEqualTo(1);

    Path source = root.resolve("model/src/main/java/Model.java");
    Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(60)));
    run("prep");
    assertThat(builds()).isEqualTo(1);

    FileTime written = Files.getLastModifiedTime(source);
    Files.writeString(source, "class Model { }");
    Files.setLastModifiedTime(source, written); // as an older version of it has
    run("prep");
    assertThat(builds()).isEqualTo(2);

    write(root.resolve("model/src/main/java/Another.java"), "class Another {}");
    run("prep");
    assertThat(builds()).isEqualTo(3);

    Files.delete(source);
    run("prep");
    assertThat(builds()).isEqualTo(4);
  }

  @Test
  void aCopyOfABuiltCheckoutRunsAsItIs() throws Exception {
    run("prep");
    Path copy = folder.toRealPath().resolve("copy");
    FileUtils.copyDirectory(root.toFile(), copy.toFile(), false); // all files get a new time
    FileUtils.deleteDirectory(root.toFile());

    assertThat(runCommand(copy.resolve("bin/spark-lora"), "prep"))
        .contains("java")
        .anyMatch(line -> line.endsWith(copy + "/spark-job/target/spark/*"))
        .noneMatch(line -> line.contains("building"));
  }

  @Test
  void whoMayNotWriteThereRunsItAndIsToldWhenItHasToBeBuilt() throws Exception {
    run("prep");
    onlyOwnersWrite();

    assertThat(runCommandAsAnotherUser("prep")).contains("java");

    write(root.resolve("model/src/main/java/Another.java"), "class Another {}");
    assertThat(runCommandAsAnotherUser("prep"))
        .singleElement()
        .asString()
        .contains("may not build there", "let the owner run 'mvn -DskipTests package'");
  }

  @Test
  void anInstallationNeedsNoSourcesAndNoMaven() throws Exception {
    Path installed = folder.toRealPath().resolve("opt/spark lora");
    for (String file : List.of("bin/spark-lora", "conf/jvm.options")) {
      write(installed.resolve(file), Files.readString(REPOSITORY.resolve(file)));
    }
    write(installed.resolve("lib/spark-lora.jar"), "");
    write(installed.resolve("lib/spark/spark-core.jar"), "");
    script("tools/mvn", "#!/bin/sh\necho must not be called\nexit 1\n");

    assertThat(runCommand(installed.resolve("bin/spark-lora"), "prep"))
        .containsSequence("-cp", installed + "/lib/spark-lora.jar:" + installed + "/lib/spark/*");
  }

  @Test
  void aFolderThatNoClassPathHoldsIsRefusedWithTheRemedy() throws Exception {
    Path checkout = folder.resolve("a:b");
    Files.move(root, checkout);

    assertThat(runCommand(checkout.resolve("bin/spark-lora"), "prep"))
        .singleElement()
        .asString()
        .contains("a:b", "rename or move it");
  }

  @Test
  void namesWithSignsOfUrisAreThoseOfFilesForLog4j() throws Exception {
    Path checkout = folder.resolve("50%, #1 of 2?");
    Files.move(root, checkout);

    assertThat(runCommand(checkout.resolve("bin/spark-lora"), "prep"))
        .contains(
            "-Dlog4j2.configurationFile=file:"
                + folder.toRealPath()
                + "/50%25%2C%20%231%20of%202%3F/conf/log4j2.properties");
  }

  @Test
  void cdPathLeadsNowhereElse() throws Exception {
    environment.put("CDPATH", folder + ":/");
    List<String> command = List.of("bash", "-c", "cd \"$0\" && bash bin/spark-lora prep");

    assertThat(lines(command, root.toString()))
        .contains("java", "-Dlora.home=" + root.toRealPath());
  }

  @Test
  void buildsWithTheWrapperWhereThereIsNoMaven() throws Exception {
    script("tools/mvn", "#!/bin/sh\nexit 1\n");
    script("the repository/mvnw", MAVEN);
    environment.put("PATH", pathWithout("mvn").toString());

    assertThat(run("prep")).contains("java");
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void showsWhatMavenSaysWhenTheBuildFails() throws Exception {
    script("tools/mvn", "#!/bin/sh\necho no such symbol\nexit 1\n");

    assertThat(run("prep"))
        .contains("no such symbol")
        .anyMatch(line -> line.contains("build failed"));
  }

  @Test
  void findsItsRepositoryThroughSymlinks() throws Exception {
    Path link = folder.resolve("links/lora");
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(folder.resolve("links/first"), root.resolve("bin/spark-lora"));
    Files.createSymbolicLink(link, Path.of("first"));

    assertThat(runCommand(link, "sft")).contains("-Dlora.home=" + root.toRealPath());
  }

  /** Root, whom nothing is forbidden, becomes nobody. */
  private List<String> runCommandAsAnotherUser(String... arguments) throws Exception {
    boolean isRoot = System.getProperty("user.name").equals("root");
    String nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups bash";
    List<String> bash = isRoot ? List.of(nobody.split(" ")) : List.of("bash");
    return lines(
        Stream.concat(bash.stream(), Stream.of(launcher().toString())).toList(), arguments);
  }

  private void onlyOwnersWrite() throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
      for (Path path : (Iterable<Path>) paths::iterator) {
        boolean isProgram = Files.isDirectory(path) || Files.isExecutable(path);
        boolean isTarget = path.endsWith("spark-job/target");
        String mode = isTarget ? "r-xr-xr-x" : isProgram ? "rwxr-xr-x" : "rw-r--r--";
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
      }
    }
  }

  private long builds() throws IOException {
    return Files.readAllLines(root.resolve("builds")).size();
  }

  /** A folder with links to all programs of this machine but one. */
  private Path pathWithout(String program) throws IOException {
    Path links = Files.createDirectory(folder.resolve("without " + program));
    for (String place : System.getenv("PATH").split(":")) {
      if (!Files.isDirectory(Path.of(place))) {
        continue;
      }
      try (Stream<Path> programs = Files.list(Path.of(place))) {
        for (Path found : (Iterable<Path>) programs::iterator) {
          Path link = links.resolve(found.getFileName());
          if (!found.endsWith(program) && Files.notExists(link, LinkOption.NOFOLLOW_LINKS)) {
            Files.createSymbolicLink(link, found);
          }
        }
      }
    }
    return links;
  }
}
