package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** YAML's types against those of the flags. */
class SettingsFileTest {
  @TempDir private Path folder;

  private Settings sft(String yaml) throws IOException {
    return parse("sft", yaml);
  }

  private Settings parse(String command, String yaml) throws IOException {
    Path file = Files.writeString(folder.resolve(command + ".yaml"), yaml);
    return CommandLine.parse(command, List.of("--config", file.toString())).settings();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "lora_alpha: true      | lora_alpha = true   | not true or false",
        "learning_rate: yes    | learning_rate = yes | not true or false",
        "lora_r: [8]           | lora_r = [8]        | one value",
        "lora_r: 8.5           | lora_r = 8.5        | whole number",
        "lora_r: 1:30          | lora_r = 1:30       | whole number",
        "packing: 1            | packing = 1         | not a number",
        "packing: []           | packing = []        | one value",
        "output_dir: {a: b}    | output_dir = {a=b}  | one value",
        "lora_target_modules: [[q_proj]] | lora_target_modules = [q_proj] | plain values",
        "lora_target_modules: [~]        | lora_target_modules = null     | plain values"
      })
  void aValueOfAnotherTypeIsRefused(String yaml, String setting, String remedy) {
    assertThatThrownBy(() -> sft(yaml))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(setting)
        .hasMessageContaining("sft.yaml")
        .hasMessageContaining(remedy);
  }

  /** The catalogue's flags, all of them: whatever takes a number takes no truth value. */
  @Test
  void noFlagTakesATruthValueForANumberOrAListForAValue() {
    List<String> taken = new ArrayList<>();
    for (Flag<?> flag : FlagCatalog.shared().of("sft")) {
      if (!flag.isEffective("sft") || flag.name().equals("config")) {
        continue;
      }
      boolean number = flag.type().isNumber();
      boolean single = !flag.type().isList();
      List<String> wrong = new ArrayList<>(number ? List.of("true", "no") : List.of());
      wrong.addAll(flag.type() == FlagType.BOOL ? List.of("0", "1", "2.5") : List.of());
      wrong.addAll(single ? List.of("[]", "[1]") : List.of("[[1]]"));
      wrong.addAll(flag.type() == FlagType.DICT ? List.of("word") : List.of("{a: 1}"));
      for (String value : wrong) {
        try {
          sft(flag.name() + ": " + value);
          taken.add(flag.name() + ": " + value);
        } catch (ConfigException | IOException e) {
          assertThat(e).isInstanceOf(ConfigException.class);
        }
      }
    }
    assertThat(taken).isEmpty();
  }

  @Test
  void textsAreTakenAsTheyAreWritten() throws IOException {
    Settings settings =
        sft(
            """
            eval_strategy: no
            run_name: 2024-01-01
            learning_rate: 2e-4
            max_steps: 1_000
            lora_target_modules: [q_proj, v_proj]
            packing: yes
            report_to: none
            gradient_checkpointing_kwargs: {use_reentrant: false}
            seed: ~
            """);
    assertThat(settings.find(Flags.EVAL_STRATEGY)).contains("no");
    assertThat(settings.find(Flags.RUN_NAME)).contains("2024-01-01");
    assertThat(settings.get(Flags.LEARNING_RATE)).isEqualTo(2e-4);
    assertThat(settings.get(Flags.MAX_STEPS)).isEqualTo(1000);
    assertThat(settings.get(Flags.LORA_TARGET_MODULES)).containsExactly("q_proj", "v_proj");
    assertThat(settings.get(Flags.PACKING)).isTrue();
    assertThat(settings.isGiven(Flags.SEED)).isFalse();
  }

  /** YAML 1.1, which TRL reads, has these words for true and false, too. */
  @Test
  void onAndOffAreTruthValues() throws IOException {
    assertThat(sft("packing: on").get(Flags.PACKING)).isTrue();
    assertThat(sft("packing: Off").get(Flags.PACKING)).isFalse();
    assertThat(sft("run_name: on").find(Flags.RUN_NAME)).contains("on");
  }

  /** TRL reads null as None. */
  @Test
  void nullIsNoLimitOfAFlagThatMayHaveNone() throws IOException {
    assertThat(sft("max_length: null").get(Flags.MAX_LENGTH)).isZero();
    Settings grpo = parse("grpo", "vllm_importance_sampling_clip_max: null\nmax_length: null");
    assertThat(grpo.get(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX)).isInfinite();
    assertThat(parse("grpo", grpo.toYaml()).get(Flags.VLLM_IMPORTANCE_SAMPLING_CLIP_MAX))
        .isInfinite();
  }

  @Test
  void aKeyThatIsNoFlagIsRefusedAlsoWithNull() throws IOException {
    assertThatThrownBy(() -> sft("max_lenght: null"))
        .hasMessageContaining("Cannot use max_lenght = null")
        .hasMessageContaining("did you mean max_length?");
    assertThat(sft("num_generations: null").get(Flags.MAX_LENGTH)).isEqualTo(1024); // of grpo
  }

  @Test
  void anEmptyListOrMapNamesNoTrackerAndNothingThatIsRefused() throws IOException {
    Settings settings = sft("report_to: []\nlora_modules_to_save: []\nmodel_init_kwargs: {}");
    assertThat(settings.get(Flags.REPORT_TO)).containsExactly("none");
    assertThatThrownBy(() -> sft("lora_target_modules: []"))
        .hasMessageContaining("a value is expected");
  }

  /** TRL sets these variables; they may be tokens. */
  @Test
  void theSectionOfEnvironmentVariablesIsRefusedAndNotShown() {
    assertThatThrownBy(() -> sft("learning_rate: 1e-4\nenv: {HF_TOKEN: hf_abc}"))
        .hasMessageContaining("env = (hidden)")
        .hasMessageContaining("environment is set before it starts")
        .hasMessageNotContaining("hf_abc");
  }

  @Test
  void aMapIsReadAsItIsOnTheCommandLine() throws IOException {
    Settings settings = sft("lr_scheduler_kwargs: {power: 2.0, lr_end: 1e-5}");
    assertThat(settings.find(Flags.LR_SCHEDULER_KWARGS))
        .isEqualTo(
            CommandLine.parse(
                    "sft",
                    List.of("--lr_scheduler_kwargs", "{ \"power\": 2.0, \"lr_end\": 0.00001 }"))
                .settings()
                .find(Flags.LR_SCHEDULER_KWARGS))
        .contains("{\"power\":2.0,\"lr_end\":1.0E-5}");
    assertThat(sft(settings.toYaml()).find(Flags.LR_SCHEDULER_KWARGS))
        .isEqualTo(settings.find(Flags.LR_SCHEDULER_KWARGS));
  }

  @Test
  void formerNamesAreReadInFilesAsWell() throws IOException {
    assertThat(sft("torch_dtype: bfloat16").find(Flags.DTYPE)).contains("bfloat16");
  }

  @Test
  void aFileOfMegabytesIsRefusedAtOnce() {
    assertThatThrownBy(() -> sft("run_name: \"" + "a".repeat(10_000_000) + "\"\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("more than 1 MiB");
  }
}
