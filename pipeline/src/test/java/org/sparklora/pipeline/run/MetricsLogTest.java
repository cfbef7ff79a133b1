package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.TableException;

class MetricsLogTest {
  @TempDir Path folder;

  private MetricsLog open(List<Map<String, Object>> earlier) throws IOException {
    FileSystem local = FileSystem.getLocal(new Configuration()).getRawFileSystem();
    return MetricsLog.open(local, new org.apache.hadoop.fs.Path(folder.toUri()), earlier, () -> {});
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(folder.resolve("metrics.jsonl"));
  }

  @Test
  void writesEachLineThroughAndNullForNotANumber() throws IOException {
    try (MetricsLog log = open(List.of())) {
      log.log(Map.of("loss", 1.5));
      assertThat(lines()).as("while it is open").containsExactly("{\"loss\":1.5}");
      log.log(Map.of("loss", Double.NaN));
    }
    assertThat(lines()).containsExactly("{\"loss\":1.5}", "{\"loss\":null}");
  }

  @Test
  void goesOnWithExactlyOneLineForEachEarlierRow() throws IOException {
    Files.writeString(
        folder.resolve("metrics.jsonl"),
        """
        {"step":1,"loss":4.0,"memory":7}
        {"step":2,"loss":3.0,"memory":8}
        {"step":3,"lo""");
    Map<String, Object> first = Map.of("step", 1, "loss", 4.0);

    open(List.of(first)).close();
    assertThat(lines()).containsExactly("{\"step\":1,\"loss\":4.0,\"memory\":7}");

    try (MetricsLog log = open(List.of(first, Map.of("step", 3)))) {
      log.log(Map.of("step", 4));
    }
    assertThat(lines())
        .as("rows that are missing or torn are written again, later ones are dropped")
        .containsExactly("{\"step\":1,\"loss\":4.0,\"memory\":7}", "{\"step\":3}", "{\"step\":4}");
  }

  @Test
  void newRunForgetsWhatWasThere() throws IOException {
    Files.writeString(folder.resolve("metrics.jsonl"), "{\"step\":1}\n");
    open(List.of()).close();
    assertThat(lines()).isEmpty();
  }

  @Test
  void onAFullDiskTheLogStaysAsItWas() throws IOException {
    SmallDisk.leave(0);
    String before = "{\"step\":1,\"run_id\":\"a\"}\n{\"step\":2,\"run_id\":\"a\"}\n";
    Files.writeString(folder.resolve("metrics.jsonl"), before);
    var path = new org.apache.hadoop.fs.Path("smalldisk://" + folder);
    FileSystem full = path.getFileSystem(SmallDisk.configuration());

    assertThatThrownBy(() -> MetricsLog.open(full, path, List.of(Map.of("step", 1)), () -> {}))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("No space left on device");
    assertThat(folder.resolve("metrics.jsonl")).hasContent(before);
    assertThat(folder).isDirectoryNotContaining("glob:**.before");
  }
}
