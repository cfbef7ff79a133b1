package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandLineTest {
  static Settings sft(String... arguments) {
    return CommandLine.parse("sft", List.of(arguments)).settings();
  }

  @Test
  void defaultsAreTrls() {
    Settings settings = sft();
    assertThat(settings.get(Flags.LEARNING_RATE)).isEqualTo(2e-5);
    assertThat(settings.get(Flags.PER_DEVICE_TRAIN_BATCH_SIZE)).isEqualTo(8);
    assertThat(settings.get(Flags.NUM_TRAIN_EPOCHS)).isEqualTo(3);
    assertThat(settings.get(Flags.LORA_DROPOUT)).isEqualTo(0.05);
    assertThat(settings.get(Flags.LORA_R)).isEqualTo(16);
    assertThat(settings.get(Flags.LOGGING_STEPS)).isEqualTo(10);
    assertThat(settings.get(Flags.PACKING)).isFalse();
    assertThat(settings.find(Flags.COMPLETION_ONLY_LOSS)).isEmpty();
  }

  @Test
  void booleansAreReadAsHuggingFaceReadsThem() {
    assertThat(sft("--packing").get(Flags.PACKING)).isTrue();
    assertThat(sft("--packing", "true").get(Flags.PACKING)).isTrue();
    assertThat(sft("--packing", "no").get(Flags.PACKING)).isFalse();
    assertThat(sft("--packing=1").get(Flags.PACKING)).isTrue();
    assertThat(sft("--packing", "--no_packing").get(Flags.PACKING)).isFalse();
    assertThat(sft("--no_packing", "--packing", "--no-packing").get(Flags.PACKING)).isFalse();
    assertThat(sft("--no-packing").get(Flags.PACKING)).isFalse();
    assertThatThrownBy(() -> sft("--packing", "maybe")).hasMessageContaining("packing = maybe");
  }

  /** TRL's parser reads these words as None wherever a number may be None. */
  @Test
  void noneUnsetsANumberThatMayBeUnsetAlsoOneOfTheFile(@TempDir Path folder) throws IOException {
    Path file =
        Files.writeString(folder.resolve("sft.yaml"), "save_total_limit: 3\neval_steps: None\n");
    Settings settings = sft("--config", file.toString(), "--save_total_limit", "none");
    assertThat(settings.find(Flags.SAVE_TOTAL_LIMIT)).isEmpty();
    assertThat(settings.find(Flags.EVAL_STEPS)).isEmpty();
    assertThat(sft("--max_length", "null").get(Flags.MAX_LENGTH)).isZero();
    assertThat(sft("--neftune_noise_alpha", "None").notes()).isEmpty();
    assertThatThrownBy(() -> sft("--max_steps", "none")).hasMessageContaining("whole number");
    Path sampling = Files.writeString(folder.resolve("grpo.yaml"), "min_p: 0.1\n");
    List<String> words = List.of("--config", sampling.toString(), "--min_p", "none");
    assertThat(CommandLine.parse("grpo", words).settings().get(Flags.MIN_P)).isZero();
  }

  @Test
  void numbersMayBeNegativeAndScientific() {
    assertThat(sft("--max_steps", "-1").get(Flags.MAX_STEPS)).isEqualTo(-1);
    assertThat(sft("--learning_rate", "2.0e-5").get(Flags.LEARNING_RATE)).isEqualTo(2e-5);
    assertThatThrownBy(() -> sft("--lora_r", "many")).hasMessageContaining("whole number");
    assertThatThrownBy(() -> sft("--seed", "4294967295"))
        .hasMessageContaining("seed = 4294967295: it must lie between")
        .hasMessageContaining("2147483647");
  }

  @Test
  void numbersAreFiniteAndWrittenAsPythonWritesThem() {
    for (String wrong : List.of("NaN", "Infinity", "-Infinity", "1e400", "1f", "0x1p3", "1,5")) {
      assertThatThrownBy(() -> sft("--weight_decay", wrong))
          .hasMessageContaining("weight_decay = " + wrong)
          .hasMessageContaining("is expected");
    }
    assertThat(sft("--weight_decay", ".5").get(Flags.WEIGHT_DECAY)).isEqualTo(0.5);
    assertThat(sft("--weight_decay", "+1.").get(Flags.WEIGHT_DECAY)).isEqualTo(1);
    assertThat(sft("--weight_decay", "1E-2").get(Flags.WEIGHT_DECAY)).isEqualTo(0.01);
  }

  @Test
  void theNearestFlagIsOneThatDoesSomething() {
    assertThatThrownBy(() -> sft("--lora_rank", "8"))
        .hasMessageContaining("did you mean lora_r?"); // local_rank is nearer, and does nothing
    assertThatThrownBy(() -> sft("--fp16")).hasMessageContaining("fp16 = true");
  }

  @Test
  void flagsThatNeedAnotherSayThatTheyChangeNothing() {
    assertThat(CommandLine.parse("sft", List.of("--lora_r", "64", "--packing_strategy", "bfd")))
        .extracting(CommandLine.Parsed::notes)
        .isEqualTo(List.of("--lora_r changes nothing here: it needs --use_peft"));
    assertThat(CommandLine.parse("sft", List.of("--lora_r", "64", "--use_peft")).notes()).isEmpty();
    assertThat(CommandLine.parse("grpo", List.of("--num_generations_eval", "2")).notes())
        .containsExactly(
            "--num_generations_eval changes nothing here: it needs --eval_strategy steps or epoch");
    assertThat(CommandLine.parse("push", List.of("--hub_model_id", "a/b")).notes()).isEmpty();
  }

  @Test
  void listsTakeSeveralWords() {
    assertThat(sft("--lora_target_modules", "q_proj", "v_proj").get(Flags.LORA_TARGET_MODULES))
        .containsExactly("q_proj", "v_proj");
    assertThatThrownBy(() -> sft("--seed", "1", "2")).hasMessageContaining("one value is expected");
  }

  @Test
  void checkTakesEveryFlagOfSft() {
    String[] flags = {"--lora_r", "8", "--sync", "gradients", "--config_free", "1"};
    assertThat(
            CommandLine.parse("check", List.of(flags).subList(0, 4)).settings().get(Flags.LORA_R))
        .isEqualTo(8);
    assertThatThrownBy(() -> CommandLine.parse("check", List.of(flags)))
        .hasMessageContaining("there is no such flag");
    assertThatThrownBy(() -> CommandLine.parse("check", List.of("--adapter", "folder")))
        .hasMessageContaining("check does not take this flag");
  }

  @Test
  void theLastTaskNamesTheCommand() {
    List<String> flags = List.of("--task", "sft", "--task=grpo");
    assertThat(CommandLine.withTask("check", flags)).isEqualTo("check --task grpo");
    assertThat(CommandLine.parse("check", flags).settings().get(Flags.TASK)).isEqualTo("grpo");
  }

  @Test
  void aDefaultOfTheCommandGivesWayToTheUser() {
    assertThat(sft().withDefault(Flags.OUTPUT_DIR, "here").find(Flags.OUTPUT_DIR)).contains("here");
    assertThat(
            sft("--output_dir", "there")
                .withDefault(Flags.OUTPUT_DIR, "here")
                .find(Flags.OUTPUT_DIR))
        .contains("there");
  }

  @Test
  void dashesCountAsUnderscores() {
    assertThat(sft("--learning-rate", "1").get(Flags.LEARNING_RATE)).isEqualTo(1);
  }

  @Test
  void aSlashAtTheEndOfAPathIsNoPartOfItsName() {
    assertThat(sft("--output_dir", "runs/first//").get(Flags.OUTPUT_DIR)).isEqualTo("runs/first");
    assertThat(sft("--dataset_name", "s3a://a").get(Flags.DATASET_NAME)).isEqualTo("s3a://a/");
    for (String root : List.of("/", "file:///", "hdfs://node:8020/")) {
      assertThat(sft("--dataset_name", root).get(Flags.DATASET_NAME)).isEqualTo(root);
    }
  }

  /** A shell leaves the tilde of {@code --output_dir=~/runs} to the program. */
  @Test
  void aTildeAtTheBeginningOfAPathIsTheHome() {
    String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
    assertThat(sft("--output_dir=~/runs/").get(Flags.OUTPUT_DIR)).isEqualTo(home + "/runs");
    assertThat(sft("--output_dir=~").get(Flags.OUTPUT_DIR)).isEqualTo(home);
    assertThat(sft("--dataset_name", "~a/b").get(Flags.DATASET_NAME)).isEqualTo("~a/b");
    assertThat(FlagType.path("~/runs", Map.of("HOME", "/scratch/$me")))
        .isEqualTo("/scratch/$me/runs");
    assertThat(FlagType.path("~/runs", Map.of("HOME", "/"))).isEqualTo("/runs");
    assertThat(FlagType.path("~", Map.of("HOME", "/"))).isEqualTo("/");
    assertThat(FlagType.path("~", Map.of())).isEqualTo(System.getProperty("user.home"));
  }

  @Test
  void acceptedFlagsSayWhyTheyChangeNothing() {
    assertThat(CommandLine.parse("sft", List.of("--use_liger_kernel", "--bf16_full_eval")).notes())
        .hasSize(2)
        .anySatisfy(note -> assertThat(note).startsWith("--use_liger_kernel").contains("chunked"));
  }

  @Test
  void acceptedFlagsTakeAnyValue() {
    assertThat(
            CommandLine.parse("sft", List.of("--include_num_input_tokens_seen", "non_padding"))
                .notes())
        .containsExactly(
            "--include_num_input_tokens_seen is accepted and changes nothing: num_tokens is always logged");
  }

  @Test
  void unsupportedFlagsAreRefusedUnlessTheyAreOff() {
    assertThatThrownBy(() -> sft("--load_in_8bit")).hasMessageContaining("TRL knows this flag");
    assertThatThrownBy(() -> sft("--neftune_noise_alpha", "5"))
        .hasMessageContaining("neftune_noise_alpha = 5");
    assertThat(sft("--load_in_8bit", "false").isGiven(Flags.named("load_in_8bit"))).isFalse();
    assertThat(sft("--label_smoothing_factor", "0").isGiven(Flags.named("label_smoothing_factor")))
        .isFalse();
  }

  @Test
  void grpoKnowsWhatTrlsConfigurationHolds() {
    String atTheirDefaults =
        """
        --cast_lm_head_to_fp32 False --ref_model_mixup_alpha 0.6 --ref_model_sync_steps 512
        --entropy_coef 0.0 --use_adaptive_entropy False --entropy_coef_min 0.0
        --entropy_coef_max 1.0 --entropy_coef_delta 0.005 --entropy_target 0.2
        --vespo_k_pos 2.0 --vespo_lambda_pos 3.0 --vespo_k_neg 3.0 --vespo_lambda_neg 2.0
        --vllm_importance_sampling_mode sequence_mask --vllm_importance_sampling_clip_max 3.0
        --vllm_server_host 0.0.0.0 --vllm_server_port 8000 --vllm_server_timeout 240.0
        --vllm_group_port 51216 --use_transformers_continuous_batching False
        --pad_to_multiple_of auto --length_column_name length
        """;
    CommandLine.parse("grpo", List.of(atTheirDefaults.strip().split("\\s+")));
    for (String refused :
        List.of(
            "--entropy_coef=0.01",
            "--use_adaptive_entropy",
            "--sync_ref_model",
            "--generation_kwargs={}",
            "--max_tool_calling_iterations=1",
            "--reward_model_name_or_path=a/b",
            "--vllm_structured_outputs_regex=a")) {
      assertThatThrownBy(() -> CommandLine.parse("grpo", List.of(refused)))
          .hasMessageContaining("does not support it: ");
    }
  }

  @Test
  void flagsOfOtherCommandsAreToldApartFromUnknownOnes() {
    assertThatThrownBy(() -> CommandLine.parse("prep", List.of("--learning_rate", "1")))
        .hasMessageContaining("prep does not take this flag; it belongs to sft, grpo");
    assertThatThrownBy(() -> sft("stray")).hasMessageContaining("a flag must come first");
    assertThatThrownBy(() -> sft("--seed")).hasMessageContaining("a value is expected");
  }

  @Test
  void defaultsAndSupportMayDifferByCommand() {
    Settings grpo = CommandLine.parse("grpo", List.of("--shuffle_dataset", "false")).settings();
    assertThat(grpo.get(Flags.LEARNING_RATE)).isEqualTo(1e-6);
    assertThat(grpo.get(Flags.NUM_GENERATIONS)).isEqualTo(8);
    assertThat(grpo.get(Flags.SHUFFLE_DATASET)).isFalse();
    assertThat(sft().get(Flags.LEARNING_RATE)).isEqualTo(2e-5);
    assertThatThrownBy(() -> sft("--shuffle_dataset")).hasMessageContaining("TRL knows this flag");
    assertThat(CommandLine.parse("generate", List.of()).settings().isGiven(Flags.NUM_GENERATIONS))
        .isFalse();
    assertThat(CommandLine.parse("generate", List.of()).settings().find(Flags.NUM_GENERATIONS))
        .isEmpty();
    assertThat(HelpText.of("grpo", "", HelpText.WIDTH)).contains("--learning_rate [1e-06]");
  }

  @Test
  void helpSaysWhatAFlagMeansInThatCommandAlone() {
    assertThat(HelpText.of("push", "", HelpText.WIDTH))
        .contains("--input")
        .contains("  folder of a run\n");
    assertThat(HelpText.of("score", "", HelpText.WIDTH)).contains("  JSON lines to read\n");
    assertThat(HelpText.of("update", "", HelpText.WIDTH))
        .contains("table of advantages to train on")
        .contains("  dapo, grpo, bnpo, dr_grpo, cispo, sapo, luspo or vespo\n");
    assertThat(HelpText.of("check", "", HelpText.WIDTH)).contains("file for the report as JSON");
    assertThat(HelpText.of("sft", "", HelpText.WIDTH))
        .doesNotContain("quickstart")
        .doesNotContain("||");
  }

  @Test
  void meaningsByCommandAreOfCommandsThatTakeTheFlag() {
    for (Flag<?> flag : FlagCatalog.shared().all()) {
      assertThat(flag.notes().own().keySet())
          .as(flag.name())
          .allMatch(command -> flag.isTakenBy(command));
    }
  }

  @Test
  void whatACommandDoesNotUseIsAcceptedWithItsReason() {
    assertThat(CommandLine.parse("score", List.of("--master", "local[1]")).notes())
        .containsExactly(
            "--master is accepted and changes nothing: it computes in this process, without Spark");
    assertThat(CommandLine.parse("prep", List.of("--dataset_test_split", "test")).notes())
        .containsExactly(
            "--dataset_test_split is accepted and changes nothing: the table is made of dataset_train_split");
    assertThat(CommandLine.parse("grpo", List.of("--data_seed", "7")).notes())
        .containsExactly(
            "--data_seed is accepted and changes nothing: prompts are ordered by seed, as in TRL");
  }

  @Test
  void valuesAreThoseThatTheFlagAllows() {
    assertThatThrownBy(() -> sft("--lr_scheduler_type", "reduce_lr_on_plateau"))
        .hasMessageContaining("use linear, cosine,")
        .hasMessageContaining("warmup_stable_decay, constant or constant_with_warmup");
    assertThatThrownBy(() -> sft("--adam_beta1", "1"))
        .hasMessageContaining("adam_beta1 = 1.0: it must be at least 0 and below 1; 0.9 is the");
    assertThat(new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0.1).warmupSteps(8)).isEqualTo(1);
    assertThat(new ScheduleConfig(ScheduleConfig.Type.LINEAR, 3).warmupSteps(8)).isEqualTo(3);
  }

  @Test
  void secretsAreInNoMessageAndNoFile() {
    String secret = "hf_SecretOfTheTests0123456789";
    for (List<String> wrong :
        List.of(
            List.of("--hub_token", secret, "twice"),
            List.of("--hub_tokn", secret),
            List.of("--hub-tokens=" + secret))) {
      assertThatThrownBy(() -> CommandLine.parse("sft", wrong))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("(hidden)")
          .hasMessageNotContaining(secret);
    }
    assertThatThrownBy(() -> sft("--env", "HF_TOKEN=" + secret))
        .hasMessageContaining("env = (hidden)")
        .hasMessageNotContaining(secret);
    assertThatThrownBy(() -> CommandLine.parse("score", List.of("--hub_token", secret)))
        .hasMessageContaining("score does not take this flag")
        .hasMessageNotContaining(secret);
    Settings settings = CommandLine.parse("sft", List.of("--hub_token", secret)).settings();
    assertThat(settings.find(Flags.HUB_TOKEN)).contains(secret);
    assertThat(settings.toYaml()).doesNotContain(secret).doesNotContain("hub_token");
  }
}
