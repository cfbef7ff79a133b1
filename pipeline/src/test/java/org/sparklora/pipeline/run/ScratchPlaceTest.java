package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;

class ScratchPlaceTest {
  @TempDir Path disk;
  private final Map<String, String> environment = new HashMap<>();
  private final Map<String, String> properties = new HashMap<>();
  private Path unwritable;

  @BeforeEach
  void nothingIsSet() throws IOException {
    properties.put("java.io.tmpdir", "/tmp");
    properties.put("user.name", "somebody");
    unwritable = Files.createFile(disk.resolve("file")).resolve("folder"); // for root, too
  }

  private Path decide(boolean withApplication) {
    return new ScratchPlace(environment::get, properties::get).decide(withApplication);
  }

  private String folder(String name) {
    return disk.resolve(name).toString();
  }

  @Test
  void whatSparkWasGivenComesFirstThenTmpdirThenTheJvms() {
    assertThat(decide(true)).isEqualTo(Path.of("/tmp"));
    environment.put("TMPDIR", folder("variable"));
    assertThat(decide(true)).hasFileName("variable");
    properties.put("java.io.tmpdir", folder("told"));
    assertThat(decide(true)).as("somebody told the JVM").hasFileName("told");
    properties.put("spark.local.dir", folder("property"));
    assertThat(decide(true)).hasFileName("property");
    environment.put("SPARK_LOCAL_DIRS", folder("spark"));
    assertThat(decide(true)).hasFileName("spark");
    environment.put("SPARK_EXECUTOR_DIRS", folder("application"));
    assertThat(decide(true)).hasFileName("application");
    assertThat(decide(false)).as("which goes with the application").hasFileName("spark");
    environment.put("LOCAL_DIRS", folder("yarn"));
    assertThat(decide(true)).as("not in a container of YARN's").hasFileName("application");
    environment.put("CONTAINER_ID", "container_1");
    assertThat(decide(true)).hasFileName("yarn");
  }

  @Test
  void ofSeveralFoldersTheFirstThatCanBeWrittenIsTaken() {
    environment.put("SPARK_LOCAL_DIRS", unwritable + ", " + folder("second") + "," + folder("b"));
    assertThat(decide(true)).hasFileName("second").isDirectory();
  }

  @Test
  void aPlaceWhereNothingCanBeWrittenIsRefusedByTheNameOfItsSetting() {
    properties.put("java.io.tmpdir", unwritable.toString());
    requireRefused("java.io.tmpdir");
    properties.put("java.io.tmpdir", "/tmp");
    environment.put("TMPDIR", unwritable.toString());
    requireRefused("TMPDIR");
    properties.put("spark.local.dir", unwritable.toString());
    requireRefused("spark.local.dir");
  }

  private void requireRefused(String setting) {
    assertThatThrownBy(() -> decide(true))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("Cannot use %s = %s: ".formatted(setting, unwritable))
        .hasMessageContaining("user somebody")
        .hasMessageContaining("SPARK_LOCAL_DIRS")
        .hasMessageContaining("TMPDIR");
  }

  @Test
  void scratchFoldersLieWhereTheSessionsBlocksDo() throws IOException {
    ScratchPlace.ofSession(folder("session"));
    try {
      assertThat(ScratchFolder.create("thing")).startsWith(disk.resolve("session"));
    } finally {
      ScratchPlace.ofSession("");
    }
    assertThat(ScratchFolder.create("thing").startsWith(disk)).isFalse();
  }

  @Test
  void aPlaceWithTwoNamesIsOne() throws IOException {
    Path real = Files.createDirectory(disk.resolve("real"));
    Path link = Files.createSymbolicLink(disk.resolve("link"), real);
    try {
      ScratchPlace.ofSession(real.toString());
      Path first = ScratchFolder.create("thing");
      ScratchPlace.ofSession(link.toString());
      assertThat(ScratchFolder.create("thing")).hasParent(first.getParent());
    } finally {
      ScratchPlace.ofSession("");
    }
  }

  @Test
  void roomThatIsKnownToBeMissingIsSaid() {
    assertThatThrownBy(() -> ScratchPlace.requireRoom(disk, Long.MAX_VALUE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("MB are needed in " + disk);
  }
}
