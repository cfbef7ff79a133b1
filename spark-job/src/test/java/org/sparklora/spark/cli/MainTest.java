package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.train.TestModels;

/**
 * The command line as a user meets it: what is printed, the exit code, and what lies in the output
 * folder.
 */
class MainTest extends TinyModelCommands {
  private static final Path DATA = Path.of("src/test/resources/sft/linear_w0/dataset.jsonl");
  private static final int MISUSED = 2;
  private static final int FAILED = 1;

  private String message() {
    return err.text()
        .lines()
        .filter(line -> line.startsWith("spark-lora: "))
        .reduce((first, second) -> second)
        .orElse("");
  }

  private int sft(String... more) {
    return sft(DATA, more);
  }

  private int sft(Path data, String... more) {
    return CommandRun.of(
        CommandRun.words(
            """
            sft --model_name_or_path %s --dataset_name %s --output_dir %s --master local[2]
            --max_steps 2 --per_device_train_batch_size 2 --logging_steps 1
            """,
            model, data, output()),
        more);
  }

  private Path output() {
    return folder.resolve("out");
  }

  @Test
  void guidesLocalCommandRunsWithOnlyThePathsReplaced() throws IOException {
    int code =
        CommandRun.line(
            """
            sft --model_name_or_path %s --dataset_name %s --learning_rate 2.0e-5
            --num_train_epochs 1 --packing --per_device_train_batch_size 2
            --gradient_accumulation_steps 16 --gradient_checkpointing --eval_strategy no
            --use_peft --lora_r 256 --lora_alpha 16 --lora_target_modules all-linear
            --output_dir %s --report_to trackio
            """,
            model, DATA, output());

    assertThat(code).as(err.text()).isZero();
    assertThat(err.text()).doesNotContain("--report_to");
    assertThat(LoggedRun.names(output()))
        .contains(
            "README.md",
            "adapter_config.json",
            "adapter_model.safetensors",
            "sft_config.yaml",
            "tokenizer.json",
            "tokenizer_config.json",
            "trainer_state.json");
    assertThat(Files.readString(output().resolve("README.md")))
        .startsWith("---\nlibrary_name: peft\n")
        .doesNotContain("base_model:");
  }

  @Test
  void fullFineTuningLeavesAModelThatCanBeTrainedAgain() throws IOException {
    assertThat(sft()).isZero();
    assertThat(LoggedRun.names(output()))
        .contains("model.safetensors", "config.json", "loss.png")
        .doesNotContain("adapter_config.json");
    model = output();

    assertThat(sft("--overwrite_output_dir", "--use_peft")).as(message()).isZero();
    assertThat(LoggedRun.names(output()))
        .contains("adapter_model.safetensors")
        .doesNotContain("model.safetensors");
  }

  @Test
  void writtenSettingsRepeatTheRun() throws IOException {
    assertThat(sft("--use_peft", "--lora_target_modules", "q_proj", "v_proj")).isZero();
    String first = Files.readString(output().resolve("sft_config.yaml"));
    Path config = Files.writeString(folder.resolve("again.yaml"), first);
    byte[] adapter = Files.readAllBytes(output().resolve("adapter_model.safetensors"));

    assertThat(Main.run("sft", "--config", config.toString(), "--overwrite_output_dir"))
        .as(message())
        .isZero();

    assertThat(Files.readAllBytes(output().resolve("adapter_model.safetensors")))
        .isEqualTo(adapter);
  }

  @Test
  void unknownFlagNamesTheNearest() {
    assertThat(sft("--learning_rat", "1")).isEqualTo(MISUSED);
    assertThat(message()).contains("learning_rat = 1").contains("did you mean learning_rate?");
  }

  @Test
  void flagsThatTrlKnowsAreRefusedByName() {
    assertThat(sft("--use_dora")).isEqualTo(MISUSED);
    assertThat(message()).contains("use_dora").contains("TRL knows this flag");
  }

  @Test
  void anotherRunsResultsAreKept() throws IOException {
    Files.createDirectories(output());
    Files.writeString(output().resolve("precious"), "x");

    assertThat(sft("--use_peft")).isEqualTo(MISUSED);
    assertThat(message()).contains("output_dir").contains("--overwrite_output_dir");
    assertThat(output().resolve("precious")).exists();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "parameters; is (NaN|Infinity|-Infinity) at step \\d+, micro-batch 1",
        "gradients; at step"
      })
  void divergenceStopsWithStepAndLeavesNothing(String sync, String where) {
    String flags = "--use_peft --learning_rate 1e38 --max_grad_norm 0 --max_steps 6 --sync ";

    assertThat(sft((flags + sync).split(" "))).isEqualTo(FAILED);

    assertThat(message()).containsPattern(where).contains("no results were written");
    assertThat(output()).doesNotExist();
  }

  @Test
  void tokensBeyondTheVocabularyAreRefused() throws IOException {
    Path data = Files.writeString(folder.resolve("rows.jsonl"), "{\"input_ids\":[1,2,512]}\n");

    assertThat(sft(data, "--use_peft")).isNotZero();
    assertThat(message()).contains("512");
    assertThat(output()).doesNotExist();
  }

  @Test
  void emptyDatasetIsRefused() throws IOException {
    Path data = Files.writeString(folder.resolve("rows.jsonl"), "");

    assertThat(sft(data, "--use_peft")).isNotZero();
    assertThat(message()).isNotEmpty();
  }

  @Test
  void missingModelIsRefused() {
    model = folder.resolve("nowhere");

    assertThat(sft("--use_peft")).isEqualTo(MISUSED);
    assertThat(message()).contains("model_name_or_path").contains("config.json");
  }

  @Test
  void trainingGoesOnFromAnAdapterOfTheSameModelAlone() throws IOException {
    assertThat(sft("--use_peft", "--lora_r", "3")).isZero();
    Path adapter = Files.move(output(), folder.resolve("adapter"));
    String more = "--use_peft --overwrite_output_dir --adapter_name_or_path " + adapter;

    assertThat(sft(more.split(" "))).as(message()).isZero();
    assertThat(Files.readString(output().resolve("adapter_config.json")))
        .containsPattern("\"r\" ?: ?3");
    model = TestModels.copy("qwen3-tiny", folder);
    assertThat(sft(more.split(" "))).isNotZero();
    assertThat(message()).contains("adapter");
  }

  @Test
  void preparedTableIsTrainedOnAsItIs() throws IOException {
    Path table = folder.resolve("table");
    assertThat(prep(table, 64)).as(message()).isZero();
    List<String> files = LoggedRun.names(table);
    assertThat(prep(table, 64)).as("a second time: " + message()).isZero();
    assertThat(LoggedRun.names(table)).as("the table is used again").isEqualTo(files);
    assertThat(prep(table, 32)).as("another table is not replaced").isEqualTo(MISUSED);

    assertThat(sft(table, "--use_peft")).as(message()).isZero();
    assertThat(folder.resolve("out.packed")).doesNotExist();
  }

  private int prep(Path table, int length) {
    return CommandRun.line(
        """
        prep --model_name_or_path %s --dataset_name %s --output_dir %s --packing --max_length %s
        --master local[2]
        """,
        model, DATA, table, length);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          grpo | --packing                     | packing = true            | sft
          grpo | --max_length 64               | max_length = 64           | sft
          grpo | --packing_strategy wrapped    | packing_strategy = wrapped | sft
          grpo | --assistant_only_loss         | assistant_only_loss = true | sft
          grpo | --dataset_text_field body     | dataset_text_field = body | sft
          sft  | --max_prompt_length 64        | max_prompt_length = 64    | grpo
          sft  | --system_prompt Think.        | system_prompt = Think.    | grpo
          """)
  void prepRefusesFlagsOfItsOtherTask(String task, String flags, String told, String other) {
    Path table = folder.resolve("table");
    String prep = "prep --model_name_or_path %s --dataset_name %s --output_dir %s --task ";

    assertThat(CommandRun.line(prep + task + " " + flags, model, DATA, table)).isEqualTo(MISUSED);
    assertThat(message()).contains(told).contains("--task %s has no use".formatted(task));
    assertThat(message()).endsWith("say --task " + other);
    assertThat(table).doesNotExist();
  }

  @Test
  void helpListsACommandsFlags() {
    assertThat(Main.run("sft", "--help")).isZero();
    assertThat(Main.run("--help")).isZero();
    assertThat(out.text())
        .contains("--lora_r [16]")
        .contains("--learning_rate [2e-05]")
        .contains("tokenize");
  }

  @Test
  void unknownCommandListsTheKnown() {
    assertThat(Main.run("sftt")).isEqualTo(MISUSED);
    assertThat(message())
        .contains(
            "prep, curate, sft, grpo, update, check, merge, reward, select, generate, eval, score, tokenize,"
                + " track, report, verify-run, sweep, bench");
  }

  @Test
  void reportsNameTheirRunsBeforeOrAfterTheFlag() {
    assertThat(sft("--max_steps", "3")).as(message()).isZero();
    String report = folder.resolve("report").toString();

    assertThat(Main.run("report", output().toString(), "--output_dir", report)).isZero();
    assertThat(folder.resolve("report/report.html")).content().contains("<title>out</title>");
    assertThat(folder.resolve("report/report.png")).isNotEmptyFile();
    String both = "report --output_dir %s --runs %s %s --labels first second";
    assertThat(CommandRun.line(both, report, output(), output())).isZero();
    assertThat(folder.resolve("report/report.html")).content().contains("first, second");
    assertThat(Main.run("report", output() + "", output() + "", "--output_dir", report))
        .isEqualTo(MISUSED);
    assertThat(message()).contains("each must be named once");
    assertThat(Main.run("report", "--output_dir", report)).isEqualTo(MISUSED);
    assertThat(message()).contains("runs");
    assertThat(Main.run("report", output() + "")).isEqualTo(MISUSED);
    assertThat(message()).contains("output_dir = unset").contains("--live");
  }

  @Test
  void aLiveReportIsRefusedBeforeItIsServed() {
    String nowhere = folder.resolve("nowhere").toString();

    assertThat(Main.run("report", nowhere, "--live")).isEqualTo(MISUSED);
    assertThat(message()).contains("runs = " + nowhere).contains("there is no such folder");
    assertThat(Main.run("report", folder + "", "--live")).isEqualTo(MISUSED);
    assertThat(message()).contains("it holds no log");
    assertThat(Main.run("report", nowhere, "--live", "--output_dir", nowhere)).isEqualTo(MISUSED);
    assertThat(message()).contains("--live writes no files");
    assertThat(Main.run("report", nowhere, "--live", "--port", "65536")).isEqualTo(MISUSED);
    assertThat(message()).contains("port = 65536");
  }

  @Test
  void aMistypedCommandIsAnsweredWithTheNearest() {
    assertThat(Main.run("gpro", "--use_peft")).isEqualTo(MISUSED);
    assertThat(message()).contains("gpro").contains("did you mean grpo?");
    assertThat(Main.run("trian")).isEqualTo(MISUSED);
    assertThat(message()).contains("did you mean sft?");
    assertThat(Main.run("tokenise")).isEqualTo(MISUSED);
    assertThat(message()).contains("did you mean tokenize?");
    assertThat(Main.run("help", "verify_run")).isEqualTo(MISUSED);
    assertThat(message()).contains("did you mean verify-run?");
  }

  @Test
  void aTemporaryFolderThatCannotBeWrittenIsOneLineBeforeAnyWork() throws IOException {
    String before = System.getProperty("java.io.tmpdir");
    Path unwritable = Files.createFile(folder.resolve("file")).resolve("tmp");
    System.setProperty("java.io.tmpdir", unwritable.toString());
    try {
      assertThat(sft()).isEqualTo(MISUSED);
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
    assertThat(err.text().lines()).hasSize(1);
    assertThat(message())
        .startsWith("spark-lora: Cannot use java.io.tmpdir = %s: ".formatted(unwritable))
        .contains("TMPDIR");
    assertThat(output()).doesNotExist();
  }
}
