package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.train.GuideModels;

/** The report as a user meets it: {@code check} beforehand, and what {@code sft} makes of it. */
class CheckCommandTest extends TinyModelCommands {
  private static final Path DATA = Path.of("src/test/resources/sft/linear_w0/dataset.jsonl");
  private static final int MISUSED = 2;

  /** Far more tokens than any machine has memory for. */
  private static final String TOO_MANY_ROWS = "100000000";

  private String printed() {
    return out.text();
  }

  private String complaint() {
    return err.text();
  }

  @Test
  void guidesCommandIsCheckedFromHeadersAlone() throws IOException {
    Path model = GuideModels.QWEN2_5_3B.write(folder);
    Path json = folder.resolve("check.json");

    int code =
        Main.run(
            ("check --model_name_or_path %s --dataset_name open-thoughts/OpenThoughts-114k"
                    + " --learning_rate 2.0e-5 --num_train_epochs 1 --packing"
                    + " --per_device_train_batch_size 2 --gradient_accumulation_steps 16"
                    + " --gradient_checkpointing --eval_strategy no --use_peft --lora_r 256"
                    + " --lora_alpha 16 --lora_target_modules all-linear --output_dir %s"
                    + " --report_to trackio --push_to_hub --output %s")
                .formatted(model, folder.resolve("out"), json)
                .split(" "));

    assertThat(code).as(complaint()).isZero();
    assertThat(printed())
        .contains("LoRA of rank 256 on Qwen2.5-3B-Instruct")
        .contains("478,937,088 parameters hold 958 million bits")
        .contains("2.000e-5; the fit says 4.991e-4")
        .contains("this is a rate for full fine-tuning")
        .contains("32 rows a step")
        .contains("0.84 of full fine-tuning's");
    JsonNode report = new ObjectMapper().readTree(json.toFile());
    assertThat(report.get("findings")).hasSize(9);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void aBaseInFourBitsTakesLessMemory() throws IOException {
    String model = GuideModels.SMOLLM2_135M.write(folder).toString();
    String json = folder.resolve("check.json").toString();
    String[] check = {
      "check", "--model_name_or_path", model, "--use_peft", "--load_in_4bit", "--output", json
    };
    assertThat(Main.run(check)).as(complaint()).isZero();
    JsonNode findings = new ObjectMapper().readTree(Path.of(json).toFile()).get("findings");
    long base = findings.findValue("base_bytes").asLong();
    // 106,168,320 parameters at 36 / 64 bytes, 28,311,552 of the embedding at 2, norms at 4
    assertThat(base).isEqualTo(116_483_328);
  }

  private long parameterBytes(Path model, String more) throws IOException {
    Path json = folder.resolve("check.json");
    String check =
        ("check --model_name_or_path %s --use_peft --lora_r 16 --lora_target_modules all-linear"
                + " --overwrite_output_dir --output %s %s")
            .formatted(model, json, more);
    assertThat(Main.run(check.split(" "))).as(complaint()).isZero();
    JsonNode findings = new ObjectMapper().readTree(json.toFile()).get("findings");
    return findings.findValue("parameter_bytes").asLong();
  }

  /** In vectors of 16 × 305,280 parameters. */
  @Test
  void workersOfOneProcessTakeTurnsAndThoseOfOuterOrLocalStepsNeedMore() throws IOException {
    Path model = GuideModels.SMOLLM2_135M.write(folder);
    long vector = 16 * 305_280 * 4L;

    assertThat(parameterBytes(model, "--num_workers 1")).isEqualTo(4 * vector);
    assertThat(parameterBytes(model, "--num_workers 2")).isEqualTo(12 * vector);
    assertThat(parameterBytes(model, "--num_workers 8")).isEqualTo(12 * vector);
    String outer = "--outer_optimizer nesterov --num_workers ";
    assertThat(parameterBytes(model, outer + 1)).isEqualTo((12 + 4 + 8) * vector);
    assertThat(parameterBytes(model, outer + 8)).isEqualTo((12 + 4 + 8 * 8) * vector);
    String grpo = "--task grpo --steps_per_generation 2 --local_steps ";
    assertThat(parameterBytes(model, grpo + 1)).isEqualTo(5 * vector);
    assertThat(parameterBytes(model, grpo + "1 --beta 0.04")).isEqualTo(6 * vector);
    assertThat(parameterBytes(model, grpo + "1 --max_staleness 2")).isEqualTo(7 * vector);
    assertThat(parameterBytes(model, grpo + 2)).isEqualTo(16 * vector);
    assertThat(parameterBytes(model, grpo + "2 --outer_optimizer nesterov")).isEqualTo(17 * vector);
  }

  @Test
  void completionsOfServersTakeNoMemoryHere() throws IOException {
    Path model = GuideModels.SMOLLM2_135M.write(folder);
    String check = "check --task grpo --model_name_or_path %s --use_peft".formatted(model);
    assertThat(Main.run(check.split(" "))).as(complaint()).isZero();
    assertThat(printed()).contains("memory, generating", ", keys and values ");
    out.clear();
    String servers = " --use_vllm --vllm_mode server --vllm_server_base_url http://gpu:8000";
    assertThat(Main.run((check + servers).split(" "))).as(complaint()).isZero();
    assertThat(printed()).contains("memory, on a GPU").doesNotContain("keys and values");
  }

  @Test
  void datasetAndOutputFolderMayBeLeftOut() throws IOException {
    Path model = GuideModels.SMOLLM2_135M.write(folder);

    assertThat(Main.run("check", "--model_name_or_path", model.toString())).isZero();
    assertThat(printed()).contains("full fine-tuning of SmolLM2-135M").contains("all weights");
  }

  @Test
  void anUnknownFlagIsRefusedAsBySft() {
    assertThat(Main.run("check", "--lora_rr", "4")).isEqualTo(MISUSED);
    assertThat(complaint()).contains("did you mean lora_r");
  }

  @Test
  void aFolderWithoutConfigIsRefused() {
    assertThat(Main.run("check", "--model_name_or_path", folder.toString())).isNotZero();
    assertThat(complaint()).contains("config.json");
  }

  @Test
  void aTablesManifestSaysHowMuchThereIsToLearn() throws IOException {
    Path table = folder.resolve("table");
    String prep =
        "prep --model_name_or_path %s --dataset_name %s --output_dir %s --packing --max_length 64 --master local[2]"
            .formatted(model, DATA, table);
    assertThat(Main.run(prep.split(" "))).as(complaint()).isZero();
    long targetTokens =
        new ObjectMapper()
            .readTree(table.resolve("_prep_manifest.json").toFile())
            .at("/counts/target_tokens")
            .asLong();
    String check = "check --model_name_or_path %s --use_peft --dataset_name ".formatted(model);

    assertThat(Main.run((check + table).split(" "))).isZero();
    assertThat(printed()).contains("; %,d target tokens say".formatted(targetTokens));

    // the same dataset, of which the table was made with the same settings
    String known = " --packed_dir %s --packing --max_length 64".formatted(table);
    out.clear();
    assertThat(Main.run((check + DATA + known).split(" "))).isZero();
    assertThat(printed()).contains("; %,d target tokens say".formatted(targetTokens));

    // other settings make another table
    String other = " --packed_dir %s --packing --max_length 32".formatted(table);
    out.clear();
    assertThat(Main.run((check + DATA + other).split(" "))).isZero();
    assertThat(printed()).contains("target tokens unknown");
  }

  private int sft(String... more) {
    return CommandRun.of(
        CommandRun.words(
            """
            sft --model_name_or_path %s --dataset_name %s --output_dir %s/out --use_peft
            --max_steps 2 --master local[2]
            """,
            model, DATA, folder),
        more);
  }

  @Test
  void sftPrintsTheReportAndLeavesItWithWhatWasAbsorbed() throws IOException {
    assertThat(sft("--logging_steps", "1")).as(complaint()).isZero();

    assertThat(printed()).containsSubsequence("Regret report: LoRA of rank 16", "'loss'");
    JsonNode findings =
        new ObjectMapper().readTree(folder.resolve("out/regret.json").toFile()).get("findings");
    assertThat(findings.findValuesAsText("name"))
        .containsExactly(
            "adapted layers",
            "capacity",
            "learning rate",
            "effective batch",
            "compute",
            "memory",
            "memory, all weights",
            "memory, on a GPU",
            "machine",
            "absorbed");
    assertThat(findings.get(9).at("/values/description_bits").asDouble()).isPositive();
  }

  @Test
  void aRunThatCannotFitIsRefusedBeforeAnythingIsPrepared() {
    assertThat(sft("--packing", "--per_device_train_batch_size", TOO_MANY_ROWS)).isEqualTo(MISUSED);

    assertThat(complaint())
        .contains("per_device_train_batch_size = " + TOO_MANY_ROWS)
        .contains("GiB at its peak")
        .contains("--no_check_memory");
    assertThat(folder.resolve("out.packed")).doesNotExist();
    assertThat(folder.resolve("out")).doesNotExist();
  }

  /** Rows that are not packed are measured first; there are far fewer than there is room for. */
  @ParameterizedTest
  @ValueSource(strings = {"--packing --no_check_memory", ""})
  void theEstimateCanBeOverruledAndIsNotOfRowsThatAreNotPacked(String flags) {
    String many = "--per_device_train_batch_size " + TOO_MANY_ROWS + " ";
    assertThat(sft((many + flags).split(" "))).as(complaint()).isZero();
  }
}
