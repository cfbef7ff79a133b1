package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/** {@code bench} on a tiny model's shape; {@code BenchTest} has all measurements and engines. */
class BenchCommandTest extends TinyModelCommands {
  @Test
  void printsALineAfterTheUsualWarmUp() throws IOException {
    String flags = "bench --model %s --random_weights --ranks 4 --batch_rows 0 --max_length 40";
    int code = CommandRun.line(flags, model);

    assertThat(code).as(err.text()).isZero();
    assertThat(out.text().lines()).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(out.text());
    assertThat(line.get("bench").asText() + line.get("lora_r").asText()).isEqualTo("sft4");
    assertThat(line.get("model").asText()).isEqualTo(model.toString());
    assertThat(line.get("tokens").asInt()).isEqualTo(40);
    assertThat(line.get("warm_up_seconds").asDouble()).isGreaterThanOrEqualTo(5);
    assertThat(err.text()).contains("sft, rank 4: warming up, ");
  }

  @Test
  void saysWhichShapesThereAre() {
    assertThat(Main.run("bench", "--model", "qwen", "--random_weights")).isEqualTo(2);
    assertThat(err.text()).contains("model = qwen").contains("qwen3-0.6b, qwen3-4b");
    assertThat(Main.run("bench", "--model", "qwen3-0.6b")).isEqualTo(2);
    assertThat(err.text()).contains("random_weights = false").contains("--random_weights");
  }
}
