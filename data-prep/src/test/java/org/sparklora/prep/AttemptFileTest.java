package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AttemptFileTest {
  @TempDir private Path folder;

  @Test
  void aSecondAttemptDoesNotTouchTheFileOfTheFirst() {
    org.apache.hadoop.fs.Path scratch = new org.apache.hadoop.fs.Path(folder.toUri());
    for (String text : List.of("first", "second")) {
      AttemptFile.write(
          new Configuration(),
          scratch,
          new org.apache.hadoop.fs.Path(scratch, "rows"),
          attempt -> write(attempt, text));
    }
    assertThat(folder.resolve("rows")).hasContent("first");
    assertThat(folder.toFile().list()).as("no file of an attempt").containsExactly("rows");
  }

  private static Path write(org.apache.hadoop.fs.Path file, String text) {
    try {
      return Files.writeString(Path.of(file.toUri()), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
