package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.train.TestModels;

/** Real runs of {@code spark-lora select}, on what {@code generate} and {@code reward} write. */
class SelectCommandTest {
  private static final int MISUSED = 2;

  @TempDir Path folder;

  @RegisterExtension final Captured err = Captured.err();

  @BeforeEach
  void writeGenerations() throws IOException {
    Files.write(
        folder.resolve("generations.jsonl"),
        List.of(
            row(0, "What is 2 + 2?", "It is $\\\\boxed{4}$.", "4"),
            row(0, "What is 2 + 2?", "It is $\\\\boxed{5}$.", "4"),
            row(1, "What is 3 + 2?", "It is $\\\\boxed{6}$.", "5"),
            row(1, "What is 3 + 2?", "It is $\\\\boxed{7}$.", "5")));
  }

  private static String row(int id, String question, String completion, String solution) {
    return "{\"prompt_id\": %d, \"prompt\": [{\"role\": \"user\", \"content\": \"%s\"}], \"completion\": \"%s\", \"solution\": \"%s\"}"
        .formatted(id, question, completion, solution);
  }

  private int run(String command, String input, String output, String... more) {
    return CommandRun.of(
        CommandRun.words(
            "%s %s %s --output_dir %s --master local[2]",
            command,
            input.equals("llama-tiny") ? "--model_name_or_path" : "--input",
            folder.resolve(input),
            folder.resolve(output)),
        more);
  }

  @Test
  void prepReadsBothKinds() throws IOException {
    TestModels.copy("llama-tiny", folder);
    assertThat(run("reward", "generations.jsonl", "judged")).as(err.text()).isZero();
    assertThat(run("select", "judged", "sft")).as(err.text()).isZero();
    assertThat(run("select", "judged", "grpo", "--task", "grpo", "--max_pass_rate", "0.4"))
        .as(err.text())
        .isZero();

    String dataset = folder.resolve("sft").toString();
    assertThat(run("prep", "llama-tiny", "packed", "--dataset_name", dataset))
        .as(err.text())
        .isZero();
    assertThat(counts("packed", "_prep_manifest.json").get("rows_in").asInt()).isEqualTo(1);
    dataset = folder.resolve("grpo").toString();
    assertThat(run("prep", "llama-tiny", "prompts", "--task", "grpo", "--dataset_name", dataset))
        .as(err.text())
        .isZero();
    assertThat(counts("prompts", "_prompts_manifest.json").get("prompts").asInt()).isEqualTo(1);
    assertThat(LoggedRun.names(folder.resolve("sft")))
        .contains("_select_summary.json", "_files.json");
  }

  private JsonNode counts(String table, String manifest) throws IOException {
    return new ObjectMapper()
        .readTree(folder.resolve(table).resolve(manifest).toFile())
        .get("counts");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --min_pass_rate 0.7 --max_pass_rate 0.2 | it must be at most --max_pass_rate
          --max_pass_rate 62.5                    | it must be at least 0 and at most 1
          --keep longest                          | use first, best or shortest
          --max_completions_per_prompt 0          | it must be at least 1
          --passrate 1                            | did you mean min_pass_rate
          """)
  void badSettingsAreRefusedBeforeAnyWork(String flags, String remedy) {
    assertThat(run("select", "generations.jsonl", "out", flags.split(" "))).isEqualTo(MISUSED);
    assertThat(err.text()).contains(remedy);
    assertThat(folder.resolve("out")).doesNotExist();
  }

  @Test
  void completionsThatNobodyJudgedAreRefused() {
    assertThat(run("select", "generations.jsonl", "out")).isNotZero();
    assertThat(err.text()).contains("judge completions with spark-lora reward first");
    assertThat(folder.resolve("out")).doesNotExist();
  }
}
