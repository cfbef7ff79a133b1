package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.train.GuideModels;

/** {@code check} speaks with one voice: what README, guide and recipes say is not reproached. */
class RecipeRegretTest {
  private static final Path CONF = Path.of("../conf");
  private static final List<String> OF_LEARNING =
      List.of("adapted layers", "capacity", "learning rate", "effective batch");
  private static final int MISUSED = 2;

  @TempDir private Path folder;
  @RegisterExtension final Captured out = Captured.out();
  @RegisterExtension final Captured err = Captured.err();

  static Stream<Path> recipes() throws IOException {
    List<Path> recipes = new ArrayList<>();
    for (String task : List.of("sft", "grpo")) {
      try (Stream<Path> files = Files.list(CONF.resolve(task))) {
        files
            .filter(file -> file.toString().endsWith(".yaml"))
            // the project's own is no setting of the guide
            .filter(file -> !file.getFileName().toString().startsWith("arithmetic"))
            .sorted()
            .forEach(recipes::add);
      }
    }
    return recipes.stream();
  }

  /** The model in the recipe's name; full-fine-tuning.yaml names another in its first lines. */
  private static GuideModels model(Path recipe) {
    String name = recipe.getFileName().toString();
    return Arrays.stream(GuideModels.values())
        .filter(
            model ->
                name.contains(model.folderName().toLowerCase(Locale.ROOT).replace("-instruct", "")))
        .findFirst()
        .orElse(GuideModels.QWEN3_0_6B);
  }

  private Map<String, JsonNode> check(GuideModels model, String... flags) throws IOException {
    Path json = folder.resolve("check.json");
    String check = "check --model_name_or_path %s --output %s --overwrite_output_dir";
    int code = CommandRun.of(CommandRun.words(check, model.write(folder), json), flags);
    assertThat(code).as(err.text()).isZero();
    Map<String, JsonNode> findings = new java.util.LinkedHashMap<>();
    for (JsonNode finding : new ObjectMapper().readTree(json.toFile()).get("findings")) {
      findings.put(finding.get("name").asText(), finding);
    }
    return findings;
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void settingsOfTheGuideAreNotReproachedAndTheGpuThatSufficesIsStated(Path recipe)
      throws IOException {
    String task = recipe.getParent().getFileName().toString();

    Map<String, JsonNode> findings =
        check(model(recipe), "--task", task, "--config", recipe.toString());

    assertThat(findings.get("learning rate").get("verdict").asText()).isEqualTo("ok");
    for (String name : OF_LEARNING) {
      if (findings.containsKey(name)) {
        assertThat(findings.get(name).get("verdict").asText())
            .as(findings.get(name).toString())
            .isNotEqualTo("regret");
      }
    }
    assertThat(out.text()).doesNotContain("this is a rate for");
    assertThat(Files.readString(recipe))
        .contains(
            "# On a GPU: %s (bin/spark-lora check; no GPU has run it).\n"
                .formatted(findings.get("memory, on a GPU").get("figure").asText()));
  }

  @ParameterizedTest
  @EnumSource(GuideModels.class)
  void ratesThatReadmeNamesAreAsAdvisedOnEveryModel(GuideModels model) throws IOException {
    // also in a short run, for which the fit says half as much again
    for (String steps : List.of("50", "5000")) {
      assertRate(model, "ok", "--use_peft", "--learning_rate", "2e-4", "--max_steps", steps);
      assertRate(model, "ok", "--learning_rate", "2e-5", "--max_steps", steps);
    }
    assertRate(model, "ok", "--task", "grpo", "--use_peft", "--learning_rate", "1e-5");
    assertRate(model, "ok", "--task", "grpo", "--use_peft", "--learning_rate", "5e-5");
    assertRate(model, "ok", "--task", "grpo", "--learning_rate", "1e-6");
  }

  private void assertRate(GuideModels model, String verdict, String... flags) throws IOException {
    JsonNode rate = check(model, flags).get("learning rate");

    assertThat(rate.get("verdict").asText()).as(rate.toString()).isEqualTo(verdict);
    assertThat(rate.get("advice").asText()).doesNotContain("full fine-tuning", "times");
  }

  @ParameterizedTest
  @CsvSource({
    // outside of the fit the guide's number is the advice
    "SMOLLM2_135M, 2e-4, ok, 2e-4, the guide says 2.000e-4 (the fit: 1.322e-3; extrapolated)",
    "SMOLLM2_135M, 2e-5, note, 2e-4, this is a rate for full fine-tuning",
    "SMOLLM2_135M, 1e-6, note, 2e-4, 200 times below the advised",
    "SMOLLM2_135M, 1e-3, ok, 2e-4, 5.0 times the guide's",
    "SMOLLM2_135M, 1e-2, note, 2e-4, 7.6 times the advised",
    "SMOLLM3_3B, 2e-4, ok, 2e-4, extrapolated",
    // inside of it both are named
    "QWEN2_5_3B, 2e-4, ok, 4.991e-4, the fit says 4.991e-4; the guide 2.000e-4",
    "LLAMA_3_1_70B, 2e-4, ok, 1.662e-4, the fit says 1.662e-4; the guide 2.000e-4",
    "LLAMA_3_1_8B, 2e-5, regret, 2.856e-4, this is a rate for full fine-tuning",
    "LLAMA_3_1_8B, 1e-2, regret, 2.856e-4, 35 times the advised",
    "LLAMA_3_1_8B, 1e-6, regret, 2.856e-4, 200 times below the advised"
  })
  void adviceOnAdaptersOfSft(
      GuideModels model, double rate, String verdict, double advised, String words)
      throws IOException {
    JsonNode finding =
        check(model, "--use_peft", "--learning_rate", Double.toString(rate)).get("learning rate");

    assertThat(finding.get("verdict").asText()).as(finding.toString()).isEqualTo(verdict);
    assertThat(finding.at("/values/advised_learning_rate").asDouble())
        .isCloseTo(advised, org.assertj.core.api.Assertions.withinPercentage(0.1));
    assertThat(out.text()).contains(words.replace(';', ','));
  }

  @ParameterizedTest
  @CsvSource({
    "sft, false, 2e-4, regret, this is a rate for an adapter",
    "sft, false, 1e-2, regret, 350 times the advised",
    "grpo, true, 1e-6, note, this is a rate for full fine-tuning",
    "grpo, true, 1e-3, note, 20 times the advised",
    "grpo, false, 5e-5, note, this is a rate for an adapter"
  })
  void adviceOnOtherRuns(String task, boolean adapter, String rate, String verdict, String words)
      throws IOException {
    JsonNode finding =
        check(
                GuideModels.LLAMA_3_1_8B,
                "--task",
                task,
                "--use_peft",
                Boolean.toString(adapter),
                "--learning_rate",
                rate)
            .get("learning rate");

    assertThat(finding.get("verdict").asText()).as(finding.toString()).isEqualTo(verdict);
    assertThat(finding.get("advice").asText()).contains(words);
  }

  @Test
  void grpoTellsTheMemoryThatItsRecipeStates() throws IOException {
    Path recipe = CONF.resolve("grpo/deepmath-llama-3.1-8b.yaml");

    Map<String, JsonNode> findings =
        check(GuideModels.LLAMA_3_1_8B, "--task", "grpo", "--config", recipe.toString());

    assertThat(Files.readString(recipe)).contains("36.0 GiB of keys and values");
    assertThat(findings.get("memory, generating").get("figure").asText())
        .isEqualTo("36.0 GiB of keys and values for the 16 completions of a prompt");
    assertThat(findings.get("effective batch").get("figure").asText())
        .isEqualTo("32 completions a step");
  }

  @Test
  void aTaskHasItsOwnFlagsAndDefaults() throws IOException {
    Path model = GuideModels.QWEN3_0_6B.write(folder);
    String check = "check --model_name_or_path %s ".formatted(model);

    assertThat(Main.run((check + "--num_generations 4").split(" "))).isEqualTo(MISUSED);
    assertThat(Main.run((check + "--task grpo --packing").split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("check --task grpo does not take this flag");
    assertThat(Main.run((check + "--task grpo --num_generations 4").split(" "))).isZero();
    assertThat(out.text()).contains("1.000e-6; the guide says 1.000e-6 to 5.000e-6");

    Path file = Files.writeString(folder.resolve("grpo.yaml"), "task: grpo\n");
    assertThat(Main.run((check + "--config " + file).split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains("give --task grpo on the command line");
  }
}
