package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every command that reads weights says which of them are NaN or infinite, and makes nothing. */
class WeightsThatAreNoNumbersTest extends TinyModelCommands {
  private static final int FAILED = 1;
  private static final Path ADAPTER =
      Path.of("../model/src/test/resources/golden/adapters/llama-tiny");

  private Path output;

  @BeforeEach
  void prepare() throws IOException {
    output = folder.resolve("output");
    Files.writeString(
        folder.resolve("rows.jsonl"),
        "{\"text\": \"one and two\", \"prompt\": \"one\", \"solution\": \"1\"}\n".repeat(4));
  }

  private int run(String command, String... more) {
    return CommandRun.of(List.of(command, "--model_name_or_path", model.toString()), more);
  }

  private String rows() {
    return folder.resolve("rows.jsonl").toString();
  }

  private void assertNamesTheTensor(int code) {
    assertThat(code).isEqualTo(FAILED);
    assertThat(err.text())
        .contains("Cannot use tensor " + DamagedModel.TENSOR)
        .contains("model.safetensors")
        .contains("NaN or infinite")
        .doesNotContain("learning_rate");
    assertThat(output).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void scoreAndGenerateAndMerge(float value) throws IOException {
    DamagedModel.damage(model, value);
    String out = output.toString();
    assertNamesTheTensor(run("score", "--input", rows(), "--output", out));
    String lines = out + ".jsonl";
    assertNamesTheTensor(run("generate", "--input", rows(), "--output", lines));
    assertNamesTheTensor(run("generate", "--input", rows(), "--output", out));
    assertThat(Path.of(lines)).doesNotExist();
    assertThat(run("merge", "--adapter", ADAPTER.toString(), "--output_dir", out))
        .isEqualTo(FAILED);
    assertThat(err.text()).contains(DamagedModel.TENSOR);
    assertThat(output.resolve("model.safetensors")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--use_peft", "--learning_rate 1e-5"})
  void sftAndGrpo(String flags) throws IOException {
    DamagedModel.damage(model, Float.NaN);
    SftRun training = SftRun.tiny(model, output).with(flags.split(" "));
    assertNamesTheTensor(CommandRun.ofLocal("sft", training.arguments()));
    assertNamesTheTensor(
        run(
            "grpo",
            ("--dataset_name %s --output_dir %s --reward_funcs accuracy_reward --max_steps 1"
                    + " --max_completion_length 4 --num_generations 2"
                    + " --per_device_train_batch_size 2 --gradient_accumulation_steps 1 "
                    + flags)
                .formatted(rows(), output)
                .split(" ")));
  }

  /** Finite weights that overflow at once: nothing was learnt yet, so no rate can be to blame. */
  @Test
  void weightsThatAreTooLargeAreNotBlamedOnTheLearningRate() throws IOException {
    DamagedModel.overflow(model);
    SftRun training = SftRun.tiny(model, output).with("--use_peft");
    assertThat(CommandRun.ofLocal("sft", training.arguments())).isEqualTo(FAILED);
    assertThat(err.text())
        .contains("at step 1, micro-batch 1, before anything was learnt")
        .contains("Use another base model")
        .doesNotContain("learning_rate");
    assertThat(run("score", "--input", rows(), "--output", output.toString())).isEqualTo(FAILED);
    assertThat(err.text()).contains("Cannot use line 1 of").contains("log-probability of token 2");
    assertThat(output).doesNotExist();
  }

  /** JSON would otherwise get a text where a number belongs. */
  @Test
  void rowsWithoutNumbersAreNotWritten() throws IOException {
    Files.writeString(folder.resolve("rows.jsonl"), "{\"text\": \"one\", \"weight\": 1e999}\n");
    assertThat(run("tokenize", "--input", rows(), "--output", output.toString())).isEqualTo(FAILED);
    assertThat(err.text()).contains("weight").contains("nfinity");
    assertThat(output).doesNotExist();
  }
}
