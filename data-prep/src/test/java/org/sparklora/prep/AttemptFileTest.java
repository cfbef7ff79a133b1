package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
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

  @Test
  void theFolderOfTheFileIsCreated() {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.file.impl", LikeHdfs.class, FileSystem.class);
    configuration.setBoolean("fs.file.impl.disable.cache", true);
    org.apache.hadoop.fs.Path scratch = new org.apache.hadoop.fs.Path(folder.toUri());
    AttemptFile.write(
        configuration,
        scratch,
        new org.apache.hadoop.fs.Path(scratch, "table/rows"),
        attempt -> write(attempt, "text"));
    assertThat(folder.resolve("table/rows")).hasContent("text");
  }

  /** Refuses to rename into a missing folder; Hadoop's local file system copies the file there. */
  static final class LikeHdfs extends RawLocalFileSystem {
    @Override
    public boolean rename(org.apache.hadoop.fs.Path from, org.apache.hadoop.fs.Path to)
        throws IOException {
      return exists(to.getParent()) && super.rename(from, to);
    }
  }

  private static Path write(org.apache.hadoop.fs.Path file, String text) {
    try {
      return Files.writeString(Path.of(file.toUri()), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
