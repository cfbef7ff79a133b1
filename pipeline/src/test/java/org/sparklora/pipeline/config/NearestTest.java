package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {

  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "trian, train, 1", "a, '', 1", "abc, abc, 0", "ca, abc, 3"})
  void exchangesOfNeighboursAreOneEdit(String a, String b, int distance) {
    assertThat(Nearest.edits(a, b)).isEqualTo(distance);
  }

  @ParameterizedTest
  @CsvSource({
    // slips
    "learning_rte, learning_rate",
    "lerning_rate, learning_rate",
    "learningrate, learning_rate",
    "learningRate, learning_rate",
    "leanring_rate, learning_rate",
    "lora_rr, lora_r",
    "lora_aplha, lora_alpha",
    "max_lenght, max_length",
    "outputdir, output_dir",
    "output, output_dir",
    // other order, fewer or more words
    "rate_learning, learning_rate",
    "target_modules_lora, lora_target_modules",
    "lora_modules_target, lora_target_modules",
    "train_batch_size_per_device, per_device_train_batch_size",
    "train_epochs, num_train_epochs",
    "gradient_accumulation, gradient_accumulation_steps",
    "total_save_limit, save_total_limit",
    "resume_checkpoint, resume_from_checkpoint",
    "warmup_step, warmup_steps",
    "eval_stategy, eval_strategy",
    // words that others use
    "lr, learning_rate",
    "epochs, num_train_epochs",
    "lora_rank, lora_r",
    "rank, lora_r",
    "model, model_name_or_path",
    "dataset, dataset_name",
    "max_seq_len, max_length",
    "max_sequence_length, max_length",
    "cutoff_len, max_length",
    "evaluation_stratgy, eval_strategy",
    "micro_batch_size, per_device_train_batch_size",
    "grad_accum_steps, gradient_accumulation_steps",
    "overwrite, overwrite_output_dir",
    "adapter_path, adapter_name_or_path"
  })
  void theFlagThatWasMeantIsNamed(String typed, String meant) {
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--" + typed, "1")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("did you mean " + meant + "?");
    String dashed = typed.replace('_', '-');
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--" + dashed, "1")))
        .hasMessageContaining("did you mean " + meant + "?");
  }

  @ParameterizedTest
  @CsvSource({
    "generate, max_tokens, max_completion_length",
    "grpo, group_size, num_generations",
    "grpo, kl_coef, beta",
    "grpo, clip_range, epsilon",
    "grpo, reward_function, reward_funcs",
    "merge, adapter_path, adapter",
    "score, outptu, output",
    "check, outpt, output",
    "grpo, reward_func, reward_funcs",
    "report, run, runs"
  })
  void eachCommandHasItsOwn(String command, String typed, String meant) {
    assertThatThrownBy(() -> CommandLine.parse(command, List.of("--" + typed, "1")))
        .hasMessageContaining("did you mean " + meant + "?");
  }

  @Test
  void nothingIsSuggestedWhereNothingIsNear() {
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--zzyzx", "1")))
        .hasMessageContaining("there is no such flag; sft --help lists those there are");
    assertThat(Nearest.of("zzyzx", List.of("sft", "grpo"))).isEmpty();
    assertThat(Nearest.of("trian", List.of("prep", "train", "tokenize"))).contains("train");
  }

  @Test
  void aSlipInAFlagOfOtherCommandsNamesThem() {
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--reward_func", "1")))
        .hasMessageContaining("there is no such flag; reward_funcs belongs to reward, grpo, eval");
  }

  @Test
  void aMistypedSecretIsNotShown() {
    for (String name : List.of("hub_tokn", "hubtoken", "my_secret_thing", "api_key")) {
      assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--" + name, "hf_abc")))
          .hasMessageContaining("= (hidden)");
    }
    for (String command : List.of("sft", "prep", "generate", "grpo")) {
      for (String name : List.of("token", "hf_token", "vllm_api_key", "Access_Token", "secret")) {
        assertThatThrownBy(() -> CommandLine.parse(command, List.of("--" + name, "hf_abc")))
            .as("%s --%s", command, name)
            .hasMessageContaining("= (hidden)")
            .hasMessageNotContaining("hf_abc");
      }
    }
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--token", "hf_abc")))
        .hasMessageEndingWith("did you mean hub_token?");
  }

  @Test
  void aFlagOfAnotherCommandNamesTheOneThatIsMeant() {
    assertThatThrownBy(() -> CommandLine.parse("sft", List.of("--adapter", "folder")))
        .hasMessageContaining("sft does not take this flag")
        .hasMessageEndingWith("did you mean adapter_name_or_path?");
  }
}
