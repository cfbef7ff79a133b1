package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is said first of a command that has several mistakes: a wrong value, a model, an adapter or
 * a dataset that is not there, and only then that the output is in the way.
 */
class FirstMistakeTest extends TinyModelCommands {
  private static final int MISUSED = 2;

  private Map<String, Path> places;
  private int code;

  @BeforeEach
  void prepare() throws IOException {
    Path full = Files.createDirectory(folder.resolve("full"));
    Files.writeString(full.resolve("kept.txt"), "kept");
    places =
        Map.of(
            "MODEL", model,
            "DATA", Files.writeString(folder.resolve("data.jsonl"), "{\"text\": \"a b\"}\n"),
            "PROMPTS",
                Files.writeString(
                    folder.resolve("prompts.jsonl"),
                    "{\"prompt\": \"a\", \"text\": \"a\", \"solution\": \"1\"}\n"),
            "FULL", full,
            "FILE", Files.writeString(folder.resolve("out.jsonl"), "kept"),
            "NONE", folder.resolve("not/there"),
            "SWEEP",
                Files.writeString(
                    folder.resolve("sweep.yaml"),
                    """
                    command: sft
                    finding: none
                    base:
                      model_name_or_path: %1$s/llama-tiny
                      dataset_name: %1$s/data.jsonl
                    axes:
                      learning_rate: [1e-4, 1e-3]
                    metric: {name: train_loss, goal: min}
                    """
                        .formatted(folder)));
  }

  /** Runs a line in which words in capitals stand for places; returns what is said. */
  private String mistake(String line) throws IOException {
    String[] arguments =
        Stream.of(line.split(" "))
            .map(word -> places.containsKey(word) ? places.get(word).toString() : word)
            .toArray(String[]::new);
    code = Main.run(arguments);
    assertThat(code).as(err.text()).isNotZero();
    List<String> said = err.text().lines().filter(text -> text.startsWith("spark-lora: ")).toList();
    assertThat(said).hasSize(1);
    assertThat(places.get("FILE")).hasContent("kept");
    try (Stream<Path> files = Files.list(places.get("FULL"))) {
      assertThat(files).containsExactly(places.get("FULL").resolve("kept.txt"));
    }
    return said.get(0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sft --model_name_or_path NONE --dataset_name DATA --output_dir FULL",
        "grpo --model_name_or_path NONE --dataset_name PROMPTS --reward_funcs gsm8k_reward --output_dir FULL",
        "prep --model_name_or_path NONE --dataset_name DATA --output_dir FULL",
        "prep --task grpo --model_name_or_path NONE --dataset_name PROMPTS --output_dir FULL",
        "merge --model_name_or_path NONE --adapter MODEL --output_dir FULL",
        "score --model_name_or_path NONE --input PROMPTS --output FILE",
        "tokenize --model_name_or_path NONE --input PROMPTS --output FILE",
        "generate --model_name_or_path NONE --input PROMPTS --output FILE",
        "generate --model_name_or_path NONE --input PROMPTS --output FULL",
        "generate --model_name_or_path NONE --prompt a --output FILE",
        "eval --model_name_or_path NONE --dataset_name PROMPTS --output_dir FULL",
        "grpo --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL --teacher_model_name_or_path NONE",
        "check --model_name_or_path NONE --output FILE"
      })
  void aModelThatIsNotThere(String line) throws IOException {
    assertThat(mistake(line))
        .contains("model_name_or_path = " + places.get("NONE") + ": there is no such folder; ")
        .contains("config.json, model.safetensors and tokenizer.json", "namespace/name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sft --model_name_or_path MODEL --dataset_name DATA --output_dir FULL --use_peft --adapter_name_or_path NONE",
        "grpo --model_name_or_path MODEL --dataset_name PROMPTS --reward_funcs gsm8k_reward --output_dir FULL --use_peft --adapter_name_or_path NONE",
        "merge --model_name_or_path MODEL --adapter NONE --output_dir FULL",
        "score --model_name_or_path MODEL --input PROMPTS --output FILE --adapter NONE",
        "generate --model_name_or_path MODEL --input PROMPTS --output FILE --adapter NONE",
        "generate --model_name_or_path MODEL --input PROMPTS --output FULL --adapter NONE",
        "eval --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL --adapter NONE",
        "check --model_name_or_path MODEL --output FILE --use_peft --adapter_name_or_path NONE"
      })
  void anAdapterThatIsNotThere(String line) throws IOException {
    assertThat(mistake(line))
        .containsPattern("adapter\\w* = " + places.get("NONE") + ": there is no such folder; ")
        .contains("adapter_config.json and adapter_model.safetensors", "namespace/name");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sft --model_name_or_path MODEL --dataset_name NONE --output_dir FULL",
        "grpo --model_name_or_path MODEL --dataset_name NONE --reward_funcs gsm8k_reward --output_dir FULL",
        "prep --model_name_or_path MODEL --dataset_name NONE --output_dir FULL",
        "prep --task grpo --model_name_or_path MODEL --dataset_name NONE --output_dir FULL",
        "eval --model_name_or_path MODEL --dataset_name NONE --output_dir FULL",
        "update --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL --input NONE",
        "reward --reward_funcs gsm8k_reward --input NONE --output_dir FULL",
        "score --model_name_or_path MODEL --input NONE --output FILE",
        "tokenize --model_name_or_path MODEL --input NONE.jsonl --output FILE",
        "generate --model_name_or_path MODEL --input NONE --output FILE",
        "generate --model_name_or_path MODEL --input NONE --output FULL",
        "generate --model_name_or_path MODEL --input NONE.jsonl --output FULL"
      })
  void dataThatAreNotThere(String line) throws IOException {
    String none = line.contains("NONE.jsonl") ? "NONE.jsonl" : places.get("NONE").toString();
    assertThat(mistake(line))
        .containsPattern("(dataset_name =|input =|advantages) " + none)
        .doesNotContain("overwrite");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sft --model_name_or_path MODEL --dataset_name DATA --output_dir FULL --learning_rate -1",
        "grpo --model_name_or_path MODEL --dataset_name PROMPTS --reward_funcs gsm8k_reward --output_dir FULL --temperature -1",
        "prep --model_name_or_path MODEL --dataset_name DATA --output_dir FULL --max_length -1",
        "reward --reward_funcs bogus --input PROMPTS --output_dir FULL",
        "generate --model_name_or_path MODEL --input PROMPTS --output FILE --temperature -1",
        "generate --model_name_or_path MODEL --input PROMPTS --output FULL --temperature -1",
        "generate --model_name_or_path MODEL --input PROMPTS --output FULL --dtype bogus",
        "generate --model_name_or_path MODEL --prompt a --output FILE --dtype bogus",
        "eval --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL --pass_k 0",
        "score --model_name_or_path MODEL --input PROMPTS --output FILE --tokenizer_dialect bogus",
        "tokenize --model_name_or_path MODEL --input PROMPTS --output FILE --tokenizer_dialect bogus",
        "check --model_name_or_path MODEL --output FILE --learning_rate -1"
      })
  void aValueThatCannotBeUsed(String line) throws IOException {
    assertThat(mistake(line)).contains("Cannot use ").doesNotContain("overwrite");
  }

  /** Spark would refuse it when it starts, so who says something else has not started it. */
  private static final String NO_SESSION = " --master nowhere";

  @Test
  void aSessionWouldBeRefused() throws IOException {
    assertThat(
            mistake(
                "sft --model_name_or_path MODEL --dataset_name DATA --output_dir NONE"
                    + NO_SESSION))
        .contains("master = nowhere");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sft --model_name_or_path MODEL --dataset_name DATA --output_dir NONE",
        "grpo --model_name_or_path MODEL --dataset_name PROMPTS --reward_funcs gsm8k_reward --output_dir NONE",
        "generate --model_name_or_path MODEL --input PROMPTS --output NONE",
        "eval --model_name_or_path MODEL --dataset_name PROMPTS --output_dir NONE",
        "sweep --config SWEEP --output_dir NONE"
      })
  void aModelOfAnotherFamilyIsRefusedBeforeSparkStarts(String line) throws IOException {
    Path config = places.get("MODEL").resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("\"llama\"", "\"gpt2\""));
    String said = mistake(line + NO_SESSION);
    assertThat(said).contains("model_type = gpt2", "supported are ");
    assertThat(code).isEqualTo(MISUSED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sft --model_name_or_path MODEL --dataset_name NONE --output_dir FULL | dataset_name = ",
        "sft --model_name_or_path MODEL --dataset_name DATA --output_dir FULL | it holds files",
        "sft --model_name_or_path MODEL --dataset_name DATA --output_dir FILE | it is a file",
        "grpo --model_name_or_path MODEL --dataset_name NONE --reward_funcs gsm8k_reward --output_dir FULL | dataset_name = ",
        "grpo --model_name_or_path MODEL --dataset_name PROMPTS --reward_funcs gsm8k_reward --output_dir FULL | it holds files",
        "update --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL --input NONE | advantages",
        "prep --model_name_or_path MODEL --dataset_name NONE --output_dir FULL | dataset_name = ",
        "prep --model_name_or_path FULL --dataset_name DATA --output_dir NONE | there is no tokenizer.json",
        "prep --task grpo --model_name_or_path MODEL --dataset_name NONE --output_dir FULL | dataset_name = ",
        "prep --task grpo --model_name_or_path MODEL --dataset_name DATA --output_dir FULL | prompt",
        "eval --model_name_or_path MODEL --dataset_name NONE --output_dir FULL | dataset_name = ",
        "eval --model_name_or_path MODEL --dataset_name PROMPTS --output_dir FULL | it holds files",
        "reward --reward_funcs gsm8k_reward --input NONE --output_dir FULL | input = ",
        "reward --reward_funcs gsm8k_reward --input PROMPTS --output_dir FULL | it holds files",
        "generate --model_name_or_path MODEL --input NONE --output FULL | input = ",
        "generate --model_name_or_path MODEL --input PROMPTS --output FULL | it holds files"
      })
  void whatNeedsNoSessionIsSaidBeforeOneStarts(String line, String expected) throws IOException {
    assertThat(mistake(line + NO_SESSION)).contains(expected).doesNotContain("nowhere");
  }

  @Test
  void generateSaysThatItNeedsPrompts() throws IOException {
    assertThat(mistake("generate --model_name_or_path MODEL --output FILE"))
        .contains("input = unset", "--prompt");
    assertThat(Main.run("generate", "--help")).isZero();
    assertThat(out.text()).contains("--prompt").doesNotContain("--input … ", "--output … ");
  }

  @Test
  void aFileIsNoModel() throws IOException {
    String file = places.get("DATA").toString();
    assertThat(Main.run("check", "--model_name_or_path", file)).isEqualTo(MISUSED);
    assertThat(err.text()).contains("model_name_or_path = " + file + ": it is a file; ");
  }
}
