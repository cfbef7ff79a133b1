package org.sparklora.sweep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;

class TrialNameTest {
  private static final Map<String, String> FOUND =
      Map.of(
          Flags.MODEL_NAME_OR_PATH.name(), "4ed5cdd85ba9e0d9",
          Flags.DATASET_NAME.name(), "10 packed rows with fingerprint 0123456789abcdef");

  @TempDir private Path folder;

  private static Settings settings(String... more) {
    List<String> all =
        Stream.concat(
                Stream.of("--model_name_or_path", "m", "--dataset_name", "d", "--output_dir", "o"),
                Stream.of(more))
            .toList();
    return CommandLine.parse("sft", all).settings();
  }

  private static String name(String... more) {
    return TrialName.of(settings(more), FOUND);
  }

  @Test
  void spellingOrderAndFoldersPlayNoPart() {
    String name = name("--learning_rate", "1e-4", "--seed", "3", "--use_peft");

    assertThat(name).matches("[0-9a-f]{12}");
    assertThat(name("--use_peft", "true", "--seed=3", "--learning_rate", "0.0001")).isEqualTo(name);
    assertThat(name("--learning_rate", "1e-4", "--seed", "3", "--use_peft", "--packed_dir", "p"))
        .isEqualTo(name);
    assertThat(name("--learning_rate", "1e-4", "--seed", "3", "--use_peft", "--save_steps", "7"))
        .isEqualTo(name);
  }

  @Test
  void aTrialIsShownByItsGivenValuesAndIsNeverNameless() {
    Map<String, String> unset = Map.of("num_workers", "");
    Trial trial = new Trial("", unset, List.of(), Set.of(), settings());
    Map<String, String> given = Map.of("num_workers", "", "seed", "3");

    assertThat(trial.shown()).isEqualTo("num_workers unset");
    assertThat(new Trial("", given, List.of(), Set.of(), settings()).shown()).isEqualTo("seed 3");
  }

  @Test
  void whatIsIdlePlaysNoPart() {
    assertThat(name("--lora_r", "4")).isEqualTo(name("--lora_r", "8"));
    assertThat(name("--lora_r", "4", "--use_peft"))
        .isNotEqualTo(name("--lora_r", "8", "--use_peft"));
  }

  @Test
  void settingsModelAndDataDecide() {
    assertThat(name("--learning_rate", "1e-4")).isNotEqualTo(name("--learning_rate", "2e-4"));
    assertThat(TrialName.of(settings(), FOUND))
        .isNotEqualTo(TrialName.of(settings(), Map.of(Flags.MODEL_NAME_OR_PATH.name(), "another")));
  }

  @Test
  void adaptersAndTeachersDecideByTheirContents() throws IOException {
    Path adapter = Files.createDirectories(folder.resolve("adapter"));
    Path teacher = Files.createDirectories(folder.resolve("teacher"));
    Files.writeString(adapter.resolve("adapter_config.json"), "{}");
    Files.writeString(teacher.resolve("config.json"), "{}");
    Map<String, String> first = fingerprints(adapter, teacher);

    assertThat(first).containsOnlyKeys("adapter_name_or_path", "teacher_model_name_or_path");
    Files.writeString(adapter.resolve("adapter_config.json"), "{\"r\": 8}");
    Map<String, String> second = fingerprints(adapter, teacher);
    assertThat(second.get("adapter_name_or_path")).isNotEqualTo(first.get("adapter_name_or_path"));
    Files.writeString(teacher.resolve("config.json"), "{\"vocab_size\": 8}");
    assertThat(fingerprints(adapter, teacher).get("teacher_model_name_or_path"))
        .isNotEqualTo(second.get("teacher_model_name_or_path"));
  }

  private static Map<String, String> fingerprints(Path adapter, Path teacher) throws IOException {
    Settings settings =
        CommandLine.parse(
                "grpo",
                List.of(
                    "--adapter_name_or_path=" + adapter, "--teacher_model_name_or_path=" + teacher))
            .settings();
    return TrialName.fingerprints(HadoopSettings.configuration(), settings);
  }

  @Test
  void twoTrialsOfOneNameAreRefused() {
    Trial one = new Trial("0123", Map.of("save_steps", "50"), List.of(), Set.of(), settings());
    Trial other = new Trial("0123", Map.of("save_steps", "100"), List.of(), Set.of(), settings());

    assertThatThrownBy(() -> TrialName.requireDistinct(List.of(one, other)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("save_steps 100")
        .hasMessageContaining("save_steps 50");
    TrialName.requireDistinct(List.of(one));
  }
}
