package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OtherNamesTest {

  @ParameterizedTest
  @CsvSource({
    "sft, torch_dtype, bfloat16, dtype",
    "sft, torch-dtype, bfloat16, dtype",
    "sft, max_seq_length, 2048, max_length",
    "sft, evaluation_strategy, steps, eval_strategy",
    "sft, per_gpu_train_batch_size, 2, per_device_train_batch_size",
    "sft, per_gpu_eval_batch_size, 2, per_device_eval_batch_size",
    "sft, push_to_hub_model_id, me/model, hub_model_id",
    "sft, peft_lora_r, 8, lora_r",
    "sft, peft_lora_alpha, 8, lora_alpha",
    "sft, target_modules, q_proj, lora_target_modules",
    "sft, r, 8, lora_r",
    "sft, activation_checkpointing, false, gradient_checkpointing",
    "sft, dataset_train_name, validation, dataset_train_split",
    "prep, max_seq_length, 2048, max_length",
    "check, torch_dtype, bfloat16, dtype",
    "generate, max_new_tokens, 20, max_completion_length",
    "generate, num_return_sequences, 4, num_generations"
  })
  void aFormerNameIsReadAsTheFlagAndALineSaysSo(
      String command, String former, String value, String flag) {
    CommandLine.Parsed parsed = CommandLine.parse(command, List.of("--" + former, value));

    assertThat(parsed.settings().text(Flags.named(flag))).contains(value);
    assertThat(parsed.notes())
        .anySatisfy(note -> assertThat(note).contains("is read as --" + flag).doesNotContain("\n"));
  }

  @Test
  void filesMayHaveFormerNamesToo(@TempDir Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("old.yaml"), "max_seq_length: 512\n");
    String config = file.toString();

    assertThat(parse("--config", config).settings().get(Flags.MAX_LENGTH)).isEqualTo(512);
    // flags win over the file, whatever they are called
    assertThat(parse("--config", config, "--max_length", "64").settings().get(Flags.MAX_LENGTH))
        .isEqualTo(64);
    Path dashed = Files.writeString(folder.resolve("dashed.yaml"), "max-seq-length: 256\n");
    CommandLine.Parsed parsed = parse("--config", dashed.toString());
    assertThat(parsed.settings().get(Flags.MAX_LENGTH)).isEqualTo(256);
    assertThat(parsed.notes()).hasSize(1);
  }

  private static CommandLine.Parsed parse(String... arguments) {
    return CommandLine.parse("sft", List.of(arguments));
  }

  @Test
  void twoNamesOfOneFlagAreRefused() {
    assertThatThrownBy(() -> parse("--dtype", "float32", "--torch_dtype", "bfloat16"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("torch_dtype = bfloat16")
        .hasMessageContaining("dtype says the same; leave one of them out");
  }

  @Test
  void aFlagThatIsGoneIsAnsweredWithWhatThereIsInstead() {
    assertThatThrownBy(() -> parse("--logging_dir", "logs"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "logging_dir = logs: there is no such flag; TensorBoard's files lie in");
    assertThatThrownBy(() -> parse("--accelerate_config", "zero3"))
        .hasMessageContaining("Spark places the work, and --num_workers says how many take part")
        .hasMessageNotContaining("did you mean");
    assertThatThrownBy(() -> parse("--group_by_length", "true"))
        .hasMessageContaining("rows are never padded here")
        .hasMessageNotContaining("did you mean");
  }

  @Test
  void everyOtherNameStandsForAFlagAndIsNone() {
    for (String command : List.of("sft", "grpo", "generate", "eval", "merge", "score")) {
      for (String name : OtherNames.of(command)) {
        assertThat(OtherNames.meant(command, name)).as(name).isPresent();
        OtherNames.current(name)
            .ifPresent(flag -> assertThat(FlagCatalog.shared().find(name)).as(name).isEmpty());
      }
    }
  }

  @Test
  void listsAreSplitAtCommas() {
    for (String[] form :
        new String[][] {
          {"q_proj,v_proj"}, {"q_proj, v_proj"}, {"q_proj,", "v_proj"}, {"q_proj v_proj"}
        }) {
      List<String> flags = new java.util.ArrayList<>(List.of("--lora_target_modules"));
      flags.addAll(List.of(form));
      assertThat(CommandLine.parse("sft", flags).settings().get(Flags.LORA_TARGET_MODULES))
          .containsExactly("q_proj", "v_proj");
    }
    assertThat(
            CommandLine.parse("eval", List.of("--pass_k", "1,4,16")).settings().get(Flags.PASS_K))
        .containsExactly(1, 4, 16);
    assertThat(
            CommandLine.parse("grpo", List.of("--reward_weights=1.0,0.5"))
                .settings()
                .get(Flags.REWARD_WEIGHTS))
        .containsExactly(1.0, 0.5);
  }

  @Test
  void expressionsAndTextsKeepTheirCommas() {
    String expression = "model\\.layers\\.[0-9]{1,2}\\..*(q_proj|v_proj)";
    assertThat(
            CommandLine.parse("sft", List.of("--lora_target_modules", expression))
                .settings()
                .get(Flags.LORA_TARGET_MODULES))
        .containsExactly(expression);
    assertThat(
            CommandLine.parse("report", List.of("--labels", "rank 1, 1e-5", "full, 1e-6"))
                .settings()
                .get(Flags.LABELS))
        .containsExactly("rank 1, 1e-5", "full, 1e-6");
  }
}
