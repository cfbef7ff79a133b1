package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.train.TestModels;

/** {@code bench} on a tiny model's shape. */
class BenchCommandTest {
  @TempDir Path folder;
  @RegisterExtension final Captured err = Captured.err();
  @RegisterExtension final Captured out = Captured.out();

  @AfterEach
  void leaveTheUsualEngine() {
    Engines.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vector", "torch", "reference"})
  void measuresTrainingAndDecoding(String engine) throws IOException {
    Engines.close();
    String model = TestModels.copy("llama-tiny", folder).toString();
    int code =
        Main.run(
            "bench",
            "--engine",
            engine,
            "--model",
            model,
            "--random_weights",
            "--ranks",
            "1",
            "4",
            "--max_length",
            "40",
            "--document_length",
            "16",
            "--steps",
            "2",
            "--batch_rows",
            "1",
            "3",
            "--prompt_length",
            "5",
            "--max_completion_length",
            "4",
            "--peak_tflops",
            "1");
    assertThat(code).as(err.text()).isZero();
    List<JsonNode> lines = new ArrayList<>();
    for (String line : out.text().lines().toList()) {
      lines.add(new ObjectMapper().readTree(line));
    }
    assertThat(lines)
        .extracting(
            line ->
                line.path("bench").asText()
                    + line.path("lora_r").asText()
                    + line.path("rows").asText())
        .containsExactly("sft1", "sft4", "decode1", "decode3");
    for (JsonNode line : lines) {
      assertThat(line.get("tokens_per_second").asDouble()).isPositive();
      assertThat(line.get("peak_share").asDouble()).isEqualTo(line.get("tflops").asDouble());
      assertThat(line.get("peak_memory_off_heap").asLong()).isPositive();
      assertThat(line.get("model").asText()).isEqualTo(model);
    }
    assertThat(lines.get(0).get("tokens").asInt()).isEqualTo(40);
  }

  @Test
  void saysWhichShapesThereAre() {
    assertThat(Main.run("bench", "--model", "qwen", "--random_weights")).isEqualTo(2);
    assertThat(err.text()).contains("model = qwen").contains("qwen3-0.6b, qwen3-4b");
    assertThat(Main.run("bench", "--model", "qwen3-0.6b")).isEqualTo(2);
    assertThat(err.text()).contains("random_weights = false").contains("--random_weights");
  }
}
