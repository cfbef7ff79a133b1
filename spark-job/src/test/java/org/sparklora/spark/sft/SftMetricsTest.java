package org.sparklora.spark.sft;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.spark.cli.SftRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.cli.TinyModelRuns;

/** What {@code metrics.jsonl} tells of executors. */
class SftMetricsTest extends TinyModelRuns {
  @ParameterizedTest
  @CsvSource({"parameters, true, 5", "parameters, false, 5", "gradients, true, 1"})
  void rowsThatEndARoundTellWhatExecutorsDid(String sync, boolean shared, int stepsARound)
      throws IOException {
    TestSpark.shareMemory(shared);
    SftRun run =
        SftRun.tiny(model, folder.resolve("%s-%s".formatted(sync, shared)), "--use_peft")
            .with("--num_workers", "2", "--sync", sync, "--averaging_frequency", "5")
            .run(spark);

    List<JsonNode> rows = run.metricRows();
    assertThat(rows).hasSize(11); // ten steps and the last row
    for (JsonNode row : rows.subList(0, 10)) {
      boolean endsARound = row.get("step").asInt() % stepsARound == 0;
      assertThat(row.has("executors/count")).isEqualTo(endsARound);
      if (endsARound) {
        double rate = row.get("executors/driver/tokens_per_second").asDouble();
        // the executor waits for others, for the average, and for Spark
        assertThat(rate).isGreaterThan(row.get("tokens_per_second").asDouble());
        assertThat(row.get("executors/min_tokens_per_second").asDouble()).isEqualTo(rate);
        assertThat(row.get("executors/driver/peak_memory_heap").asLong()).isPositive();
        assertThat(row.get("averaging_seconds").asDouble()).isPositive();
        assertThat(row.get("averaging_bytes").asDouble() > 0).isEqualTo(!shared);
      }
    }
  }
}
