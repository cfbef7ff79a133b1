package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.observe.track.sink.TrackedRow;

class EventFileTest {
  /** What TensorBoard 2.21's RecordWriter makes of the same three events. */
  private static final String GOLDEN =
      "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"
          + "0d000000000000003c37b83409000000000000f83f3a020801b718825c"
          + "33000000000000000ca7205609000000000000024010ac022a250a110a0a747261696e2f6c6f7373150000803e"
          + "0a100a096576616c2f6c6f737315000060c0d36f7da2";

  @TempDir Path folder;

  @Test
  void framesEventsAsTensorBoardsOwnWriterDoes() throws IOException {
    FileSystem local = FileSystem.getLocal(new Configuration()).getRawFileSystem();
    Path file = folder.resolve("events");
    Map<String, Number> metrics = new LinkedHashMap<>();
    metrics.put("loss", 0.25);
    metrics.put("eval_loss", -3.5);
    try (EventFile events =
        new EventFile(
            local.create(new org.apache.hadoop.fs.Path(file.toUri())),
            Instant.ofEpochMilli(1500))) {
      events.add(new TrackedRow(300, 0, Instant.ofEpochMilli(2250), metrics, List.of(), List.of()));
    }
    assertThat(HexFormat.of().formatHex(Files.readAllBytes(file))).isEqualTo(GOLDEN);
  }

  /** Markdown would take the second line for a heading. */
  @Test
  void allLinesOfATextAreShownAsTheyAre() {
    assertThat(EventFile.verbatim(Stream.of("4 is\n# 2*2*1", "5")))
        .isEqualTo("    4 is\n    # 2*2*1\n    5");
  }
}
