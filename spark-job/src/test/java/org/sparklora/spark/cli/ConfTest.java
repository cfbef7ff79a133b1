package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
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
import org.sparklora.spark.run.TrainingRun;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.train.GuideModels;
import org.sparklora.train.TestModels;

/** Every recipe and every cluster's settings in {@code conf/}. */
class ConfTest {
  private static final Path CONF = Path.of("../conf");
  private static final Path DATA = Path.of("src/test/resources/sft/packing_bfd/dataset.jsonl");
  private static final Pattern STATED_MEMORY =
      Pattern.compile(
          "Memory: ([\\d.]+) GiB a training process, weights in bfloat16 as they are stored");

  /** Spark makes these names of a resource's name, so they are in no list of its settings. */
  private static final Pattern RESOURCE_KEY =
      Pattern.compile("spark\\.(executor|task)\\.resource\\.gpu\\.(amount|discoveryScript)");

  private static final Map<String, GuideModels> MODELS =
      Map.of(
          "llama-3.2-1b", GuideModels.LLAMA_3_2_1B,
          "llama-3.1-8b", GuideModels.LLAMA_3_1_8B,
          "qwen2.5-3b", GuideModels.QWEN2_5_3B);

  @AutoClose private static SparkSession spark;
  @TempDir private static Path folder;

  @BeforeAll
  static void openSpark() throws IOException {
    spark = TestSpark.open(2);
    TestModels.copy("llama-tiny", folder);
    TestModels.copy("qwen2-tiny", folder);
  }

  /** Of {@code sft}; GrpoRecipesTest has those of {@code grpo}. */
  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.walk(CONF)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml") && !file.toString().contains("grpo"))
          .filter(file -> !file.startsWith(CONF.resolve("sweeps"))) // no settings of one command
          .filter(file -> !file.startsWith(CONF.resolve("kubernetes"))) // manifests
          .filter(file -> !file.startsWith(CONF.resolve("eval"))) // EvalCommandTest has these
          .filter(file -> !file.startsWith(CONF.resolve("data"))) // mixtures, and of curate
          .sorted()
          .toList();
    }
  }

  static List<Path> guidesRecipes() throws IOException {
    return recipes().stream().filter(recipe -> guideModel(recipe).isPresent()).toList();
  }

  private static java.util.Optional<GuideModels> guideModel(Path recipe) {
    return MODELS.keySet().stream()
        .filter(recipe.getFileName().toString()::contains)
        .map(MODELS::get)
        .findFirst();
  }

  /** The settings of a recipe, with a tiny model, a few rows and one step in place of its own. */
  private static SftConfig standIn(Path recipe) {
    List<String> flags = new ArrayList<>(List.of("--config", recipe.toString()));
    flags.addAll(smallModelAndRows(recipe));
    flags.addAll(List.of("--output_dir", folder.resolve(recipe.getFileName()).toString()));
    flags.addAll(List.of("--max_steps", "1"));
    return SftConfig.of(CommandLine.parse("sft", flags).settings());
  }

  /** The quickstart's recipes have a small model and rows of their own, which fit its template. */
  private static List<String> smallModelAndRows(Path recipe) {
    Path own = recipe.resolveSibling("base");
    if (Files.isDirectory(own)) {
      String rows = recipe.resolveSibling("gsm8k_heldout.jsonl.gz").toString();
      return List.of("--model_name_or_path", own.toString(), "--dataset_name", rows);
    }
    String model = recipe.getFileName().toString().contains("qwen") ? "qwen2-tiny" : "llama-tiny";
    return List.of(
        "--model_name_or_path",
        folder.resolve(model).toString(),
        "--dataset_name",
        DATA.toString(),
        "--max_length",
        "64");
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyRecipeTrainsAStep(Path recipe) throws IOException {
    TrainingRun.Result result = SftRun.train(spark, standIn(recipe));

    assertThat(result.steps()).isEqualTo(1);
    assertThat(Double.isFinite(result.trainLoss())).isTrue();
  }

  @Test
  void everyRowOfTheGuidesTableHasARecipe() throws IOException {
    assertThat(guidesRecipes().stream().map(recipe -> recipe.getFileName().toString()))
        .containsExactlyInAnyOrder(
            "openthoughts-llama-3.1-8b.yaml",
            "openthoughts-llama-3.2-1b.yaml",
            "openthoughts-qwen2.5-3b.yaml",
            "tulu3-llama-3.1-8b.yaml",
            "tulu3-llama-3.2-1b.yaml");
  }

  @ParameterizedTest
  @MethodSource("guidesRecipes")
  void recipesOfTheGuideHaveItsSettings(Path recipe) {
    SftConfig config = standIn(recipe);

    assertThat(config.training().lora())
        .hasValueSatisfying(
            lora -> {
              assertThat(lora.rank()).isEqualTo(256);
              assertThat(lora.alpha()).isEqualTo(16);
              assertThat(lora.targets().include()).hasToString("[all-linear]");
            });
    assertThat(config.table().packing().enabled()).isTrue();
    assertThat(config.batch().rows()).isEqualTo(2);
    assertThat(config.batch().accumulation()).isEqualTo(16);
    assertThat(config.course().epochs()).isEqualTo(1);
  }

  @ParameterizedTest
  @MethodSource("guidesRecipes")
  void recipesStateTheMemoryTheyNeed(Path recipe) throws IOException {
    Matcher stated = STATED_MEMORY.matcher(Files.readString(recipe));
    assertThat(stated.find()).isTrue();
    Path model = guideModel(recipe).orElseThrow().write(folder);

    assertThat(stated.group(1)).isEqualTo(gibibytes(recipe, model));
  }

  /** Of the recipe's own row length, which the stand-in has shortened. */
  private static String gibibytes(Path recipe, Path folder) throws IOException {
    SftConfig config = standIn(recipe);
    CheckpointHeaders headers = CheckpointHeaders.read(folder);
    DecoderConfig model = headers.config();
    PlannedRun run =
        new PlannedRun(
            model,
            config.training().lora().map(lora -> AdapterLayout.of(lora, model)),
            new PlannedRun.Memory(
                headers.matrixType(),
                headers.matrixType(),
                DType.FLOAT32,
                config.model().gradientCheckpointing(),
                TrainingMemory.localVectors(1),
                java.util.Optional.empty()),
            new PlannedRun.Batch(config.batch().rows(), 32, 1024, -1, 1),
            config.optimizer().learningRate(),
            java.util.Optional.empty(),
            java.util.Optional.empty());
    return "%.1f".formatted(TrainingMemory.of(run).total() / (double) (1 << 30));
  }

  static List<Path> clusters() throws IOException {
    try (Stream<Path> files = Files.list(CONF)) {
      return files
          .filter(file -> file.getFileName().toString().matches("spark-.*\\.conf"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("clusters")
  void everySettingIsOneOfSparksAndHasItsReasonAboveIt(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    assertThat(lines).anyMatch(line -> line.startsWith("spark."));
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.isBlank() && !line.startsWith("#")) {
        String[] setting = line.split("\\s+", 2);
        assertThat(setting).as(line).hasSize(2);
        assertThat(isKnownToSpark(setting[0])).as("%s is a setting of Spark", setting[0]).isTrue();
        assertThat(lines.get(i - 1)).as("the line above " + line).startsWith("# ");
      }
    }
  }

  private static boolean isKnownToSpark(String key) {
    if (key.startsWith("spark.executorEnv.")) {
      return true; // any variable of the environment
    }
    // settings register themselves when the object that holds them is first used
    assertThat(org.apache.spark.internal.config.package$.MODULE$).isNotNull();
    assertThat(org.apache.spark.internal.config.Network$.MODULE$).isNotNull();
    return ConfigEntry.findEntry(key) != null || RESOURCE_KEY.matcher(key).matches();
  }

  @Test
  void gpuClusterShipsTheScriptItNames() throws IOException {
    String conf = Files.readString(CONF.resolve("spark-cluster-gpu.conf"));

    assertThat(conf).contains("discoveryScript  ./gpu-discovery.sh");
    assertThat(conf).contains("/conf/gpu-discovery.sh");
    assertThat(CONF.resolve("gpu-discovery.sh")).isExecutable();
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a bash script")
  void discoveryScriptPrintsWhatSparkParses() throws Exception {
    assertThat(discover("printf '0\\n 1\\n11\\n'"))
        .containsExactly("{\"name\": \"gpu\", \"addresses\": [\"0\",\"1\",\"11\"]}");
  }

  @Test
  @DisabledOnOs(value = OS.WINDOWS, disabledReason = "a bash script")
  void discoveryScriptGivesTheReasonOfNvidiaSmi() throws Exception {
    assertThat(discover("echo No devices were found; exit 6"))
        .singleElement()
        .asString()
        .contains("nvidia-smi fails on ")
        .contains("No devices were found; mend NVIDIA's driver");
  }

  /** The lines of the script where {@code nvidia-smi} runs a command of sh. */
  private static List<String> discover(String nvidiaSmi) throws Exception {
    Path tools = Files.createDirectories(folder.resolve("tools"));
    Path nvidia = tools.resolve("nvidia-smi");
    Files.writeString(nvidia, "#!/bin/sh\n" + nvidiaSmi + "\n");
    assertThat(nvidia.toFile().setExecutable(true)).isTrue();
    ProcessBuilder builder =
        new ProcessBuilder("bash", CONF.resolve("gpu-discovery.sh").toString())
            .redirectErrorStream(true);
    builder.environment().put("PATH", tools + ":" + System.getenv("PATH"));
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    process.waitFor();
    return lines;
  }
}
