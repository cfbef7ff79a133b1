package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetricsLogTest {
  @TempDir Path folder;

  @Test
  void appendsALineAStepAndWritesNullForNotANumber() throws IOException {
    Path run = folder.resolve("run");
    try (MetricsLog log = MetricsLog.append(run)) {
      log.log(Map.of("loss", 1.5));
      assertThat(Files.readAllLines(run.resolve("metrics.jsonl")))
          .containsExactly("{\"loss\":1.5}");
    }
    try (MetricsLog log = MetricsLog.append(run)) {
      log.log(Map.of("loss", Double.NaN));
    }
    assertThat(Files.readAllLines(run.resolve("metrics.jsonl")))
        .containsExactly("{\"loss\":1.5}", "{\"loss\":null}");
  }
}
