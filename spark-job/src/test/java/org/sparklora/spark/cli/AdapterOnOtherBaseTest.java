package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.train.TestModels;

/** Every command that applies an adapter to a model asks whether it was trained on that one. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdapterOnOtherBaseTest {
  private static final Path DATA = Path.of("src/test/resources/sft/linear_w0/dataset.jsonl");

  @RegisterExtension private final Captured err = Captured.err();
  private Path folder;
  private Path base;
  private Path sameBase; // a copy
  private Path otherBase; // of the same shapes
  private Path adapter;

  @BeforeAll
  void trainAnAdapter(@TempDir Path temporary) throws IOException {
    folder = temporary;
    base = TestModels.copy("llama-tiny", folder);
    sameBase = folder.resolve("copy");
    SftRun.copy(base, sameBase);
    otherBase = folder.resolve("sibling");
    SftRun.copy(base, otherBase);
    changeSigns(otherBase.resolve("model.safetensors"));
    adapter = folder.resolve("adapter");
    Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"3+4=7\"}\n");
    Files.writeString(folder.resolve("prompts.jsonl"), "{\"prompt\": \"3+4?\"}\n");
    Files.writeString(
        folder.resolve("problems.jsonl"),
        "{\"problem\": \"3+4?\", \"solution\": \"7\"}\n".repeat(2));
    String sft =
        "sft --model_name_or_path %s --dataset_name %s --output_dir %s --use_peft --lora_r 4 --max_steps 1 --master local[1]";
    assertThat(run(sft.formatted(base, DATA, adapter))).as(err.text()).isZero();
  }

  private static int run(String command) {
    return Main.run(command.split(" "));
  }

  /** A command with a base and the adapter. */
  private int run(String command, Path model) {
    Path out = folder.resolve("out-" + command.split(" ")[0] + "-" + model.getFileName());
    return run(
        command
            .replace("BASE", model.toString())
            .replace("ADAPTER", adapter.toString())
            .replace("FOLDER", folder.toString())
            .replace("OUT", out.toString()));
  }

  private static void changeSigns(Path weights) throws IOException {
    byte[] bytes = Files.readAllBytes(weights);
    int start = 8 + (int) ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    for (int sign = start + 3; sign < bytes.length; sign += 4) {
      bytes[sign] ^= (byte) 0x80;
    }
    Files.write(weights, bytes);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "score --model_name_or_path BASE --adapter ADAPTER --input FOLDER/texts.jsonl --output OUT",
        "merge --model_name_or_path BASE --adapter ADAPTER --output_dir OUT",
        "generate --model_name_or_path BASE --adapter ADAPTER --input FOLDER/prompts.jsonl --output OUT.jsonl --max_completion_length 2",
        "eval --task math --model_name_or_path BASE --adapter ADAPTER --dataset_name FOLDER/problems.jsonl --output_dir OUT --max_completion_length 2 --master local[1]",
        "grpo --model_name_or_path BASE --adapter_name_or_path ADAPTER --dataset_name FOLDER/problems.jsonl --output_dir OUT --use_peft --max_steps 1 --max_completion_length 2 --num_generations 2 --per_device_train_batch_size 2 --gradient_accumulation_steps 1 --master local[1]"
      })
  void isAsked(String command) {
    err.clear();
    assertThat(run(command, otherBase)).isNotZero();
    assertThat(err.text())
        .contains("Cannot apply the adapter " + adapter)
        .contains("it was trained on " + base + ", which has other weights");

    err.clear();
    assertThat(run(command, sameBase)).as(err.text()).isZero();
    assertThat(err.text()).doesNotContain("says it was trained on");
  }

  @Test
  void trainingGoesOnOnTheSameBaseAlone() {
    String sft =
        "sft --model_name_or_path BASE --adapter_name_or_path ADAPTER --dataset_name %s --output_dir OUT --use_peft --max_steps 1 --master local[1]";
    err.clear();
    assertThat(run(sft.formatted(DATA), otherBase)).isNotZero();
    assertThat(err.text()).contains("Cannot apply the adapter " + adapter);
    for (Path same : List.of(base, sameBase)) {
      assertThat(run(sft.formatted(DATA), same)).as(err.text()).isZero();
    }
  }
}
