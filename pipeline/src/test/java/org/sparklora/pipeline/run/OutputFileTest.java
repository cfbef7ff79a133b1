package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.TableException;

class OutputFileTest {
  @TempDir Path folder;

  private List<Path> filesBeside(Path file) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(one -> !one.equals(file)).toList();
    }
  }

  @Test
  void aUriNamesAFileWithABlank() throws IOException {
    Path file = folder.resolve("a b.jsonl");
    try (OutputFile out = OutputFile.open("output", "file://" + file, false)) {
      out.write("ours");
      out.finish();
    }
    assertThat(file).hasContent("ours");
  }

  @Test
  void theOutputStaysIfAnotherProgramHasTakenTheName() throws IOException {
    Path file = folder.resolve("out.jsonl");
    Path temporary;
    try (OutputFile out = OutputFile.open("output", file.toString(), false)) {
      temporary = filesBeside(file).get(0); // deleted when the process ends
      out.write("ours");
      Files.writeString(file, "theirs");
      assertThatThrownBy(out::finish)
          .isInstanceOf(TableException.class)
          .hasMessageContaining("this output is in " + folder.resolve("out.jsonl."));
    }
    assertThat(file).hasContent("theirs");
    List<Path> kept = filesBeside(file);
    assertThat(kept).hasSize(1).doesNotContain(temporary);
    assertThat(kept.get(0)).hasContent("ours");
  }
}
