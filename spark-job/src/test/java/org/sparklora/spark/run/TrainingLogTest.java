package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.run.MetricsLog;
import org.sparklora.pipeline.run.RunFolder;

class TrainingLogTest {
  @TempDir Path out;

  @Test
  void lastRowIsFoundBeforeTheAlertOfResultsThatWereNotSaved() {
    Map<String, Object> summary = Map.of("step", 4, "train_runtime", 1.5);
    Map<String, Object> alert = Map.of("step", 4, "alerts", List.of());
    try (RunFolder folder =
            RunFolder.open(new Configuration(), out.toString(), false, Optional.empty());
        MetricsLog log = folder.begin(List.of(Map.of("step", 4, "loss", 2.0), summary, alert))) {
      assertThat(log.rows()).hasSize(3);
      assertThat(TrainingLog.lastRow(folder, 4)).contains(summary);
      assertThat(TrainingLog.lastRow(folder, 5)).isEmpty();
    }
  }
}
