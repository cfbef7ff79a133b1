package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.PlannedRun;
import org.sparklora.observe.estimate.TrainingMemory;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.train.GuideModels;
import org.sparklora.train.TestModels;

/**
 * The recipes in {@code conf/grpo} for the guide's GRPO section, one for each of its rows. The
 * project's own, on arithmetic, are the sweeps' matter.
 */
class GrpoRecipesTest {
  private static final Path CONF = Path.of("../conf/grpo");
  private static final Pattern STATED_MEMORY =
      Pattern.compile(
          "Memory: ([\\d.]+) GiB a training process(, weights in bfloat16 as they are stored,)?"
              + "[^#]*#[^#]*?([\\d.]+) GiB of keys and values");

  /** Tokens of a prompt, where a recipe sets no bound. */
  private static final int USUAL_PROMPT = 1024;

  /** The first that fits a recipe's name stands in for its model. */
  private static final Map<String, String> STAND_INS =
      Map.of("llama", "llama-tiny", "qwen3", "qwen3-tiny", "smollm3", "smollm3-tiny");

  private static final Map<String, GuideModels> MODELS =
      Map.of(
          "llama-3.1-8b", GuideModels.LLAMA_3_1_8B,
          "qwen3-8b", GuideModels.QWEN3_8B,
          "qwen3-0.6b", GuideModels.QWEN3_0_6B,
          "smollm3-3b", GuideModels.SMOLLM3_3B);

  @TempDir private static Path folder;

  @BeforeAll
  static void copyModels() throws IOException {
    for (String model : STAND_INS.values()) {
      TestModels.copy(model, folder);
    }
  }

  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(CONF)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> !file.getFileName().toString().startsWith("arithmetic"))
          .sorted()
          .toList();
    }
  }

  private static <T> T forModelOf(Path recipe, Map<String, T> byName) {
    return byName.entrySet().stream()
        .filter(entry -> recipe.getFileName().toString().contains(entry.getKey()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  /** Rows as those of the recipe's dataset. */
  private static Path dataset(Path recipe) throws IOException {
    String name = recipe.getFileName().toString();
    String row = "{\"problem\": \"1+1?\", \"solution\": \"\\\\boxed{2}\", \"answer\": \"2\"}\n";
    if (name.startsWith("gsm8k")) {
      row = "{\"question\": \"1+1?\", \"answer\": \"#### 2\"}\n";
    } else if (name.startsWith("deepmath")) {
      row = "{\"question\": \"1+1?\", \"final_answer\": \"2\", \"r1_solution_1\": \"So 2.\"}\n";
    }
    return Files.writeString(folder.resolve(name + ".jsonl"), row.repeat(4));
  }

  private static Settings settings(Path recipe) {
    return CommandLine.parse("grpo", List.of("--config", recipe.toString())).settings();
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyRecipeTrainsAStep(Path recipe) throws IOException {
    Path output = folder.resolve(recipe.getFileName() + ".out");
    List<String> flags = new ArrayList<>(List.of("grpo", "--config", recipe.toString()));
    flags.addAll(
        List.of("--model_name_or_path", folder.resolve(forModelOf(recipe, STAND_INS)).toString()));
    flags.addAll(List.of("--dataset_name", dataset(recipe).toString()));
    flags.addAll(List.of("--output_dir", output.toString(), "--max_steps", "1"));
    flags.addAll(List.of("--max_completion_length", "4", "--logging_steps", "1"));

    assertThat(Main.run(flags.toArray(String[]::new))).isZero();

    JsonNode row =
        new ObjectMapper()
            .readTree(output.resolve("trainer_state.json").toFile())
            .at("/log_history/0");
    assertThat(row.path("reward").isNumber()).as(row.toString()).isTrue();
    boolean adapter = settings(recipe).get(Flags.USE_PEFT);
    assertThat(Files.exists(output.resolve("adapter_model.safetensors"))).isEqualTo(adapter);
    assertThat(Files.exists(output.resolve("model.safetensors"))).isEqualTo(!adapter);
  }

  @Test
  void everyRowOfTheGuideHasARecipe() throws IOException {
    assertThat(recipes().stream().map(recipe -> recipe.getFileName().toString()))
        .containsExactly(
            "deepmath-llama-3.1-8b.yaml",
            "deepmath-qwen3-8b.yaml",
            "gsm8k-llama-3.1-8b.yaml",
            "openr1-qwen3-0.6b-command.yaml",
            "openr1-qwen3-0.6b-python.yaml",
            "openr1-smollm3-3b-full.yaml",
            "openr1-smollm3-3b-lora.yaml");
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void adaptersHaveRankOneAndTenTimesTheRateOfFullFineTuning(Path recipe) {
    Settings settings = settings(recipe);
    if (settings.get(Flags.USE_PEFT)) {
      assertThat(settings.get(Flags.LORA_R)).isEqualTo(1);
      assertThat(settings.get(Flags.LORA_ALPHA)).isEqualTo(32);
      assertThat(settings.get(Flags.LORA_DROPOUT)).isZero();
      assertThat(settings.get(Flags.LORA_TARGET_MODULES)).containsExactly("all-linear");
      assertThat(settings.get(Flags.LEARNING_RATE)).isIn(1e-5, 5e-5);
    } else {
      assertThat(settings.get(Flags.LEARNING_RATE)).isEqualTo(1e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void recipesStateTheMemoryTheyNeed(Path recipe) throws IOException {
    Matcher stated = STATED_MEMORY.matcher(Files.readString(recipe));
    assertThat(stated.find()).isTrue();

    assertThat(stated.group(1)).isEqualTo(updates(recipe));
    assertThat(stated.group(2) != null).isEqualTo(settings(recipe).get(Flags.USE_PEFT));
    assertThat(stated.group(3)).isEqualTo(keysAndValues(recipe));
  }

  private static CheckpointHeaders headers(Path recipe) throws IOException {
    return CheckpointHeaders.read(forModelOf(recipe, MODELS).write(folder));
  }

  private static int rowTokens(Settings settings) {
    return settings.find(Flags.MAX_PROMPT_LENGTH).orElse(USUAL_PROMPT)
        + settings.get(Flags.MAX_COMPLETION_LENGTH);
  }

  private static String updates(Path recipe) throws IOException {
    Settings settings = settings(recipe);
    CheckpointHeaders headers = headers(recipe);
    DecoderConfig model = headers.config();
    PlannedRun run =
        new PlannedRun(
            model,
            TrainingSettings.lora(settings).map(lora -> AdapterLayout.of(lora, model)),
            new PlannedRun.Memory(
                headers.matrixType(),
                headers.matrixType(),
                DType.FLOAT32,
                settings.get(Flags.GRADIENT_CHECKPOINTING),
                TrainingMemory.localVectors(1) + 1, // a micro-batch's gradient
                Optional.empty()),
            new PlannedRun.Batch(
                settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE), 1, rowTokens(settings), -1, 1),
            settings.get(Flags.LEARNING_RATE),
            Optional.empty(),
            Optional.empty());
    return gibibytes(TrainingMemory.of(run).total());
  }

  /** Of the completions of one prompt. */
  private static String keysAndValues(Path recipe) throws IOException {
    Settings settings = settings(recipe);
    DecoderConfig model = headers(recipe).config();
    long token = 2L * model.numHiddenLayers() * model.heads().keyValueWidth() * 4;
    return gibibytes(token * settings.get(Flags.NUM_GENERATIONS) * rowTokens(settings));
  }

  private static String gibibytes(long bytes) {
    return "%.1f".formatted(bytes / (double) (1 << 30));
  }
}
