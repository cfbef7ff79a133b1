package org.sparklora.spark.sft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.spark.cli.SftRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.train.TestModels;

/**
 * Whole runs of {@code sft}, from TRL's flags to PEFT's files, beside TRL's own on the same data.
 */
public class SftGoldenTest {
  private static final Path RUNS = Path.of("src/test/resources/sft");
  private static final double LOSS = 2e-5;
  private static final double LOSS_IN_BFLOAT16 = 1e-3;
  private static final double GRAD_NORM_RELATIVE = 1e-4;
  private static final double RATE_RELATIVE = 1e-12;
  private static final double FINAL_RELATIVE_TO_WAY = 5e-3;
  private static final double FULL_WEIGHTS = 2e-6;

  /** Flags of TRL's that only concern where and how its process runs. */
  private static final Set<String> NOT_PASSED_ON =
      Set.of("report_to", "use_cpu", "bf16", "dataloader_pin_memory", "gradient_checkpointing");

  private static final List<String> MEANS = List.of("entropy", "mean_token_accuracy");
  private static final List<String> OF_A_MIXTURE =
      List.of("entropy", "mean_token_accuracy", "aux_loss");

  private static final ObjectMapper JSON = new ObjectMapper();
  @AutoClose private static SparkSession spark;
  @TempDir private static Path folder;

  @BeforeAll
  static void openSpark() throws IOException {
    spark = TestSpark.open(4);
    TestModels.copy("llama-tiny", folder);
    TestModels.copy("qwen3-tiny", folder);
    TestModels.copy("qwen3-moe-tiny", folder);
  }

  static Stream<Arguments> runsAndWaysToTrain() throws IOException {
    List<Arguments> cases = new ArrayList<>();
    try (Stream<Path> runs = Files.list(RUNS)) {
      for (Path run : runs.filter(Files::isDirectory).sorted().toList()) {
        cases.add(Arguments.of(run.getFileName().toString(), "parameters", 1));
        for (int workers : workersOfSums()) {
          cases.add(Arguments.of(run.getFileName().toString(), "gradients", workers));
        }
      }
    }
    return cases.stream();
  }

  /** How the work is dealt out is the same for all engines: the pom's other runs try one number. */
  private static int[] workersOfSums() {
    return System.getProperty("lora.engine") == null ? new int[] {1, 2, 4} : new int[] {2};
  }

  @ParameterizedTest(name = "{0}, --sync {1}, {2} workers")
  @MethodSource("runsAndWaysToTrain")
  void givesTrlsNumbers(String run, String sync, int workers) throws IOException {
    JsonNode trace = JSON.readTree(RUNS.resolve(run).resolve("trace.json").toFile());
    Path output = folder.resolve("%s-%s-%d".formatted(run, sync, workers));

    SftRun.train(spark, flags(run, trace, sync, workers, output));

    JsonNode state = JSON.readTree(output.resolve("trainer_state.json").toFile());
    compareLog(trace, state);
    compareWithAdapterInBfloat16(run, state);
    compareParameters(run, trace, output);
  }

  private static List<String> flags(
      String run, JsonNode trace, String sync, int workers, Path output) throws IOException {
    List<String> flags = new ArrayList<>();
    trace
        .get("config")
        .fields()
        .forEachRemaining(
            flag -> {
              if (!NOT_PASSED_ON.contains(flag.getKey())) {
                flags.addAll(List.of("--" + flag.getKey(), flag.getValue().asText()));
              }
            });
    flags.addAll(List.of("--model_name_or_path", model(trace).toString()));
    flags.addAll(List.of("--dataset_name", RUNS.resolve(run).resolve("dataset.jsonl").toString()));
    flags.addAll(List.of("--output_dir", output.toString()));
    flags.addAll(List.of("--packed_dir", folder.resolve(run + ".packed").toString()));
    flags.addAll(List.of("--sync", sync, "--num_workers", Integer.toString(workers)));
    if (!trace.get("lora").isNull()) {
      flags.addAll(
          List.of("--use_peft", "--adapter_name_or_path", initialAdapter(run, trace).toString()));
    }
    return flags;
  }

  private static Path model(JsonNode trace) {
    return folder.resolve(Path.of(trace.get("model").asText()).getFileName());
  }

  /** TRL's initial adapter with the configuration that PEFT would write beside it. */
  private static Path initialAdapter(String run, JsonNode trace) throws IOException {
    Path adapter = folder.resolve(run + "-initial");
    if (!Files.exists(adapter)) {
      Files.createDirectories(adapter);
      Files.copy(
          RUNS.resolve(run).resolve("init_adapter.safetensors"),
          adapter.resolve("adapter_model.safetensors"));
      JsonNode lora = trace.get("lora");
      ObjectNode config = JsonNodeFactory.instance.objectNode();
      config
          .put("peft_type", "LORA")
          .put("r", lora.get("r").asInt())
          .put("lora_alpha", lora.get("alpha").asInt());
      config.put("lora_dropout", 0.0).put("use_rslora", lora.get("use_rslora").asBoolean());
      config.put("target_modules", "all-linear").put("bias", "none").put("task_type", "CAUSAL_LM");
      JSON.writeValue(adapter.resolve("adapter_config.json").toFile(), config);
    }
    return adapter;
  }

  private static void compareLog(JsonNode trace, JsonNode state) {
    JsonNode steps = trace.get("steps");
    JsonNode history = state.get("log_history");
    assertThat(history).hasSize(steps.size() + 1);
    for (int i = 0; i < steps.size(); i++) {
      JsonNode expected = steps.get(i);
      JsonNode row = history.get(i);
      String place = "step " + (i + 1);
      for (String exact : new String[] {"step", "epoch", "num_tokens"}) {
        assertThat(row.get(exact).asDouble())
            .as(place + " " + exact)
            .isEqualTo(expected.get(exact).asDouble());
      }
      assertThat(row.get("loss").asDouble())
          .as(place)
          .isCloseTo(expected.get("loss").asDouble(), within(LOSS));
      double norm = expected.get("grad_norm").asDouble();
      assertThat(row.get("grad_norm").asDouble())
          .as(place)
          .isCloseTo(norm, within(GRAD_NORM_RELATIVE * norm));
      double rate = expected.get("learning_rate").asDouble();
      assertThat(row.get("learning_rate").asDouble())
          .as(place)
          .isCloseTo(rate, within(RATE_RELATIVE * rate));
      for (String mean : expected.has("aux_loss") ? OF_A_MIXTURE : MEANS) {
        assertThat(row.get(mean).asDouble())
            .as(place + mean)
            .isCloseTo(expected.get(mean).asDouble(), within(LOSS));
      }
    }
    assertThat(history.get(steps.size()).get("train_loss").asDouble())
        .isCloseTo(trace.get("train_loss").asDouble(), within(LOSS));
    assertThat(state.get("global_step").asInt()).isEqualTo(trace.get("total_steps").asInt());
  }

  /** TRL casts the adapter of a base in 4 bits to bfloat16; the trace has it in float32 again. */
  private static void compareWithAdapterInBfloat16(String run, JsonNode state) throws IOException {
    Path losses = RUNS.resolve(run).resolve("losses_bfloat16.json");
    if (!Files.exists(losses)) {
      return;
    }
    JsonNode expected = JSON.readTree(losses.toFile());
    assertThat(state.get("log_history")).hasSize(expected.size() + 1);
    for (int i = 0; i < expected.size(); i++) {
      assertThat(state.get("log_history").get(i).get("loss").asDouble())
          .as("step %d", i + 1)
          .isCloseTo(expected.get(i).asDouble(), within(LOSS_IN_BFLOAT16));
    }
  }

  private static void compareParameters(String run, JsonNode trace, Path output)
      throws IOException {
    boolean adapter = !trace.get("lora").isNull();
    Path expected =
        RUNS.resolve(run)
            .resolve(adapter ? "final_adapter.safetensors" : "final_weights_subset.safetensors");
    Path before =
        adapter
            ? RUNS.resolve(run).resolve("init_adapter.safetensors")
            : model(trace).resolve("model.safetensors");
    Path after = output.resolve(adapter ? "adapter_model.safetensors" : "model.safetensors");
    double entryBound =
        adapter
            ? trace.get("config").get("learning_rate").asDouble() >= 1e-3 ? 2e-4 : 1e-4
            : FULL_WEIGHTS;
    double difference = 0;
    double way = 0;
    try (SafeTensors expectedFile = SafeTensors.open(expected);
        SafeTensors beforeFile = SafeTensors.open(before);
        SafeTensors afterFile = SafeTensors.open(after)) {
      for (SafeTensors.TensorInfo info : expectedFile.tensors().values()) {
        // "name[:32]" holds the first rows of a large matrix
        String name = info.name().replaceFirst("\\[.*", "");
        float[] wanted = values(expectedFile, info.name());
        float[] start = values(beforeFile, name);
        float[] got = values(afterFile, name);
        for (int i = 0; i < wanted.length; i++) {
          assertThat((double) got[i])
              .as("%s, element %d", name, i)
              .isCloseTo(wanted[i], within(entryBound));
          difference += Math.pow((double) got[i] - wanted[i], 2);
          way += Math.pow((double) wanted[i] - start[i], 2);
        }
      }
    }
    assertThat(Math.sqrt(difference / way)).isLessThan(FINAL_RELATIVE_TO_WAY);
  }

  private static float[] values(SafeTensors file, String name) throws IOException {
    Engine engine = Engines.of(EngineChoice.USUAL);
    try (Tensor tensor = file.load(name, DType.FLOAT32, engine)) {
      return tensor.toArray();
    }
  }
}
