package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.train.TestModels;

/** Training on a table that {@code prep} made: it has decided what decides a table. */
class GivenTableTest {
  private static final int MISUSED = 2;

  @TempDir private Path folder;
  private Path model;
  private Path other;
  private Path data;
  @RegisterExtension final Captured err = Captured.err();

  @BeforeEach
  void prepare() throws IOException {
    model = TestModels.copy("llama-tiny", folder.resolve("a"));
    other = TestModels.copy("llama-tiny", folder.resolve("b"));
    Path tokenizer = other.resolve("tokenizer.json");
    Files.writeString(
        tokenizer, Files.readString(tokenizer) + "\n"); // another file of the same size
    data =
        Files.writeString(
            folder.resolve("data.jsonl"),
            "{\"question\": \"1 + 1?\", \"answer\": \"#### 2\"}\n".repeat(4));
  }

  private int run(String command, Path reader, Path dataset, String output, String... more) {
    return CommandRun.of(
        CommandRun.words(
            "%s --model_name_or_path %s --dataset_name %s --output_dir %s",
            command, reader, dataset, folder.resolve(output)),
        more);
  }

  private int sft(Path reader, Path dataset, String output, String more) {
    String flags = "--use_peft --max_steps 1 --disable_tqdm " + more;
    return run("sft", reader, dataset, output, flags.split(" "));
  }

  private Path packed() {
    assertThat(run("prep", model, data, "packed", "--max_length", "32", "--packing")).isZero();
    return folder.resolve("packed");
  }

  @Test
  void aTableOfAnotherTokenizerIsRefusedWithBothNames() {
    Path table = packed();
    assertThat(sft(other, table, "out", "")).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("dataset_name = " + table)
        .contains("token ids of the tokenizer of " + model)
        .contains(other + " has another one");
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void settingsThatTheTableHasDecidedAreNamedAndItsOwnAreRecorded() throws IOException {
    Path table = packed();
    assertThat(sft(model, table, "out", "--max_length 16 --eos_token x")).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("the table %s has decided it already".formatted(table))
        .contains("max_length 32")
        .contains("eos_token unset")
        .contains("made of, " + data);

    assertThat(sft(model, table, "out", "--packing --max_length 32")).as(err.text()).isZero();
    Path recorded = folder.resolve("out/sft_config.yaml");
    assertThat(recorded).content().contains("packing: true").contains("max_length: 32\n");
    assertThat(sft(model, table, "again", "--config " + recorded)).as(err.text()).isZero();
  }

  @Test
  void aNamedFolderKeepsItsTableUnlessItMayBeOverwritten() {
    Path table = packed();
    String flags = "--packed_dir %s --max_length 16 --packing".formatted(table);
    assertThat(sft(model, data, "out", flags)).isEqualTo(MISUSED);
    assertThat(err.text())
        .contains("packed_dir = " + table)
        .contains("max_length 32 (now 16)")
        .contains("--overwrite_output_dir");
    assertThat(sft(model, data, "out", flags + " --overwrite_output_dir")).as(err.text()).isZero();
  }

  @Test
  void promptsAreHeldAgainstTheirReadersInTheSameWay() {
    assertThat(run("prep", model, data, "prompts", "--task", "grpo")).as(err.text()).isZero();
    Path table = folder.resolve("prompts");
    assertThat(run("grpo", other, table, "out", "--use_peft")).isEqualTo(MISUSED);
    assertThat(err.text()).contains(other + " has another one");
    err.clear();
    assertThat(run("grpo", model, table, "out", "--prompt_column", "ask")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("made with prompt_column prompt");
    assertThat(run("eval", model, table, "out", "--max_prompt_length", "9")).isEqualTo(MISUSED);
    assertThat(err.text()).contains("made with max_prompt_length unset");
    err.clear();
    String generate = "generate --model_name_or_path %s --input %s --output %s/out.jsonl";
    assertThat(CommandRun.line(generate, other, table, folder)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("token ids of the tokenizer of " + model);
  }
}
