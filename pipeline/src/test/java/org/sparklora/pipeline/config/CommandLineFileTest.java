package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklora.pipeline.config.CommandLineTest.sft;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Flags beside a file of settings, {@code --config}. */
class CommandLineFileTest {
  @Test
  void whatARunWroteDownRaisesNoNotes(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("again.yaml"), sft("--packing").toYaml());
    assertThat(CommandLine.parse("sft", List.of("--config", file.toString())).notes()).isEmpty();
  }

  @Test
  void defaultsThatARunWroteDownAreNoChange(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("again.yaml"), sft().toYaml());
    Settings again = sft("--config", file.toString(), "--outer_momentum", "0.5");

    again.requireDefaults(List.of(Flags.OUTER_OPTIMIZER, Flags.INNER_MOMENTS), "leave it out");
    assertThat(again.isGiven(Flags.OUTER_OPTIMIZER)).isTrue();
    assertThat(again.isChanged(Flags.OUTER_OPTIMIZER)).isFalse();
    assertThatThrownBy(() -> again.requireDefaults(List.of(Flags.OUTER_MOMENTUM), "leave it out"))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot use outer_momentum = 0.5: leave it out");
  }

  @Test
  void flagsWinOverTheFile(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("sft.yaml"),
            "learning_rate: 1.0e-4\npacking: true\nlora_target_modules: [q_proj, v_proj]\nmax_steps: 7\nrun_name: null\n");
    Settings settings = sft("--max_steps", "9", "--config", file.toString());
    assertThat(settings.get(Flags.LEARNING_RATE)).isEqualTo(1e-4);
    assertThat(settings.get(Flags.PACKING)).isTrue();
    assertThat(settings.get(Flags.LORA_TARGET_MODULES)).containsExactly("q_proj", "v_proj");
    assertThat(settings.get(Flags.MAX_STEPS)).isEqualTo(9);
    assertThat(settings.find(Flags.RUN_NAME)).isEmpty();
  }

  @Test
  void theFileMayBeNamedByAUri(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("a b.yaml"), "max_steps: 7\n");
    for (String name : List.of("file:" + file, "file://" + file)) {
      assertThat(sft("--config", name).get(Flags.MAX_STEPS)).isEqualTo(7);
    }
    Path mixture = Files.writeString(folder.resolve("m.yaml"), "datasets: [{path: a}]\n");
    Settings settings = sft("--config", "file://" + mixture);
    assertThat(settings.get(Flags.DATASETS)).isEqualTo(mixture.toString());
    assertThat(settings.isGivenBy(mixture, Flags.DATASETS)).isTrue();
    assertThatThrownBy(() -> sft("--config", "s3a://bucket/sft.yaml"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("config = s3a://bucket/sft.yaml: places on this machine's disk");
  }

  @Test
  void inputsOfARecipeAreFoundFromItsOwnFolder(@TempDir Path folder) throws IOException {
    Path recipes = Files.createDirectories(folder.resolve("conf/grpo"));
    Path template = Files.writeString(recipes.resolve("question.jinja"), "");
    Path beside = Files.writeString(recipes.resolve("rows.jsonl"), "");
    Files.createDirectories(recipes.resolve("out"));
    Files.createDirectories(folder.resolve("Qwen/Qwen3-0.6B")); // beside no folder of this name
    Path recipe =
        Files.writeString(
            recipes.resolve("a.yaml"),
            "chat_template_path: conf/grpo/question.jinja\ndataset_name: rows.jsonl\n"
                + "model_name_or_path: Qwen/Qwen3-0.6B\noutput_dir: out\n"
                + "adapter_name_or_path: src\n");

    CommandLine.Parsed parsed = CommandLine.parse("sft", List.of("--config", recipe.toString()));
    Settings settings = parsed.settings();
    assertThat(settings.get(Flags.CHAT_TEMPLATE_PATH)).isEqualTo(template.toString());
    assertThat(settings.get(Flags.DATASET_NAME)).isEqualTo(beside.toString());
    assertThat(settings.get(Flags.MODEL_NAME_OR_PATH)).isEqualTo("Qwen/Qwen3-0.6B");
    assertThat(settings.get(Flags.OUTPUT_DIR)).isEqualTo("out");
    assertThat(settings.get(Flags.ADAPTER_NAME_OR_PATH)).as("exists here").isEqualTo("src");
    assertThat(parsed.notes())
        .contains(
            "dataset_name = rows.jsonl (%s) does not exist here; taking %s"
                .formatted(recipe, beside));

    List<String> given = List.of("--config", recipe.toString(), "--dataset_name", "a/b");
    assertThat(CommandLine.parse("sft", given).notes()).noneMatch(note -> note.contains("rows"));
    Map<String, SettingsFile.Value> sweep =
        Map.of("dataset_name", new SettingsFile.Value("conf/grpo", "conf/grpo"));
    assertThat(CommandLine.ofEntries("sft", sweep, recipe.toString()).get(Flags.DATASET_NAME))
        .isEqualTo(recipes.toString());
    assertThat(CommandLine.ofEntries("sft", sweep, "").get(Flags.DATASET_NAME))
        .isEqualTo("conf/grpo");
  }

  @Test
  void problemsInAFileNameTheFile(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("sft.yaml"), "learning_rte: 1\n");
    assertThatThrownBy(() -> sft("--config", file.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("sft.yaml")
        .hasMessageContaining("did you mean learning_rate?");
    Path broken = Files.writeString(folder.resolve("broken.yaml"), "a: [1\n");
    assertThatThrownBy(() -> sft("--config", broken.toString()))
        .hasMessageEndingWith(
            "it is not YAML: expected ',' or ']', but got <stream end> in line 2, column 1");
    assertThatThrownBy(() -> sft("--config", folder.resolve("none.yaml").toString()))
        .hasMessageContaining("there is no such file");
    Path latin = Files.write(folder.resolve("latin.yaml"), new byte[] {'a', ':', ' ', (byte) 0xff});
    assertThatThrownBy(() -> sft("--config", latin.toString()))
        .hasMessageContaining("it is not UTF-8");
    Path nested = Files.writeString(folder.resolve("nested.yaml"), "config: sft.yaml\n");
    assertThatThrownBy(() -> sft("--config", nested.toString()))
        .hasMessageContaining("config = sft.yaml")
        .hasMessageContaining("nested.yaml");
  }

  @Test
  void whatARecordRefusesIsLocatedInTheFileThatGaveIt(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("sft.yaml"), "lora_r: 8\nmax_steps: 0\n");
    Settings settings = sft("--config", file.toString(), "--max_steps", "-2");
    ConfigException rank = new ConfigException(Flags.LORA_R, 8, "too low");
    ConfigException steps = new ConfigException(Flags.MAX_STEPS, -2, "too low");
    assertThat(settings.located(rank)).hasMessageContaining("lora_r = 8 (" + file + "): too low");
    assertThat(settings.located(steps)).isSameAs(steps); // the command line had the last word
  }

  @Test
  void effectiveSettingsReadBackTheSame(@TempDir Path folder) throws IOException {
    Settings settings =
        sft("--use_peft", "--lora_target_modules", "q_proj", "v_proj", "--learning_rate", "3e-4");
    Path file = Files.writeString(folder.resolve("again.yaml"), settings.toYaml());
    assertThat(sft("--config", file.toString()).toYaml()).isEqualTo(settings.toYaml());
  }
}
