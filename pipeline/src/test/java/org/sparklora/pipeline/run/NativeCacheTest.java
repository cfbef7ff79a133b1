package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {
  private static final String HOME = "user.home";

  @TempDir Path temporary;
  private final String home = System.getProperty(HOME);
  private final Optional<String> cache =
      Optional.ofNullable(System.getProperty(NativeCache.PROPERTY));

  @BeforeEach
  void forget() {
    System.clearProperty(NativeCache.PROPERTY);
  }

  @AfterEach
  void restore() {
    System.setProperty(HOME, home);
    System.clearProperty(NativeCache.PROPERTY);
    cache.ifPresent(value -> System.setProperty(NativeCache.PROPERTY, value));
  }

  @Test
  void aHomeThatCanBeWrittenIsUsed() {
    System.setProperty(HOME, temporary.toString());
    NativeCache.secure();
    assertThat(System.getProperty(NativeCache.PROPERTY)).isNull();
  }

  @Test
  void withoutOneTheFolderIsThisProcessesOwn() throws IOException {
    System.setProperty(HOME, Files.createFile(temporary.resolve("nonexistent")).toString());
    NativeCache.secure();
    Path folder = Path.of(System.getProperty(NativeCache.PROPERTY));
    assertThat(folder.getFileName().toString()).doesNotContain(System.getProperty("user.name"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(folder)))
        .isEqualTo("rwx------");
  }

  @Test
  void whatTheUserNamesStays() {
    System.setProperty(HOME, "/nonexistent");
    System.setProperty(NativeCache.PROPERTY, "/mine");
    NativeCache.secure();
    assertThat(System.getProperty(NativeCache.PROPERTY)).isEqualTo("/mine");
  }
}
