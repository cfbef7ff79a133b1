package org.sparklora.spark.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.train.TestModels;

class BenchTest {
  private static final String CONFIG =
      """
      {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 50,
       "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2,
       "num_attention_heads": 2, "num_key_value_heads": 1, "rms_norm_eps": 1e-6,
       "rope_theta": 10000.0, "max_position_embeddings": 64, "tie_word_embeddings": true,
       "hidden_act": "silu", "torch_dtype": "float32"}
      """;

  /** Time is up before the second. */
  private static final WarmUp ONE_REPETITION = new WarmUp(0, Double.MIN_VALUE);

  @TempDir Path folder;

  @AfterEach
  void leaveTheUsualEngine() {
    Engines.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"vector", "torch", "reference"})
  void measuresTrainingAndDecoding(String engine) throws IOException {
    Engines.close();
    String model = TestModels.copy("llama-tiny", folder).toString();
    String flags =
        """
        --engine %s --model %s --random_weights --ranks 1 4 --max_length 40 --document_length 16
        --steps 2 --batch_rows 1 3 --prompt_length 5 --max_completion_length 4 --peak_tflops 1
        """;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();

    Bench.run(
        CommandLine.parse("bench", CommandRun.words(flags, engine, model)).settings(),
        ONE_REPETITION,
        new PrintStream(printed),
        new PrintStream(OutputStream.nullOutputStream()));

    List<JsonNode> lines = new ArrayList<>();
    for (String line : printed.toString(StandardCharsets.UTF_8).lines().toList()) {
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

  private BenchConfig config(String flag, String value) {
    List<String> flags = List.of("--model", folder.toString(), "--random_weights", flag, value);
    return BenchConfig.of(CommandLine.parse("bench", flags).settings());
  }

  @ParameterizedTest
  @CsvSource({"auto, BFLOAT16", "float32, FLOAT32", "bfloat16, BFLOAT16"})
  void weightsHaveTheTypeThatIsAskedFor(String dtype, DType weights) throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG.replace("float32", "bfloat16"));
    assertThat(config("--dtype", dtype).precision().weights()).isEqualTo(weights);
  }

  @Test
  void aStepNeedsALength() throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    assertThatThrownBy(() -> config("--max_length", "none"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("max_length = none");
  }

  @Test
  void everyMeasurementIsALineAndWhatIsBeingDoneIsToldMeanwhile() throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    BenchConfig config =
        new BenchConfig(
            folder.toString(),
            Precision.FLOAT32,
            List.of(1, 4),
            12,
            8,
            2,
            false,
            List.of(3),
            4,
            5,
            Optional.of(1.0));

    new Bench(
            config, Engines.host(), new WarmUp(0, 0), new PrintStream(lines), new PrintStream(told))
        .run();

    List<String> printed = lines.toString(StandardCharsets.UTF_8).lines().toList();
    assertThat(printed).hasSize(3);
    ObjectMapper json = new ObjectMapper();
    JsonNode sft = json.readTree(printed.get(1));
    assertThat(sft.get("lora_r").asInt()).isEqualTo(4);
    assertThat(sft.get("tokens").asInt()).isEqualTo(12);
    assertThat(sft.get("steps").asInt()).isEqualTo(2);
    assertThat(sft.get("warm_up_steps").asInt()).isZero();
    assertThat(sft.get("warmed_up").asBoolean()).isFalse();
    assertThat(sft.get("seconds_per_step").asDouble())
        .isBetween(
            sft.get("seconds_per_step_min").asDouble(), sft.get("seconds_per_step_max").asDouble());
    assertThat(sft.get("tokens_per_second").asDouble())
        .isEqualTo(12 / sft.get("seconds_per_step").asDouble());
    JsonNode decode = json.readTree(printed.get(2));
    assertThat(decode.get("rows").asInt()).isEqualTo(3);
    assertThat(decode.get("prefill_tokens_per_second").asDouble()).isPositive();
    assertThat(decode.has("peak_share")).isTrue();
    assertThat(told.toString(StandardCharsets.UTF_8).lines())
        .hasSize(2 * (1 + 2) + 1 + 2 * 2)
        .contains("sft, rank 4: making weights", "decode, 3 rows: 5 tokens after 4")
        .anyMatch(line -> line.startsWith("sft, rank 1: step 1 of 2, "));
  }
}
