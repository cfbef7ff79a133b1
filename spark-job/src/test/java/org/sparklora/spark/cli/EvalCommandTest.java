package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.table.GenerationTable;
import org.sparklora.pipeline.table.ScoredGeneration;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;
import org.sparklora.reward.RewardInput;
import org.sparklora.spark.eval.MathEvalConfig;

/** {@code spark-lora eval} as a user meets it, on a tiny model. */
class EvalCommandTest extends TinyModelCommands {
  private static final int MISUSED = 2;

  /** Calls right what even a random model gets right now and then. */
  public static final class EvenLength implements Reward {
    private static final long serialVersionUID = 1L;

    @Override
    public String name() {
      return "even_length";
    }

    @Override
    public Judgement judge(RewardInput completion) {
      if (completion.solution().isEmpty()) {
        return Judgement.unverifiable("no solution");
      }
      boolean even = completion.text().length() % 2 == 0;
      return new Judgement(even ? 1 : 0, even ? Verdict.CORRECT : Verdict.WRONG, "length", "", "");
    }
  }

  private Path dataset;

  @BeforeEach
  void prepare() throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 10; i++) {
      rows.append(
          "{\"question\": \"%d+%d?\", \"answer\": \"#### %d\", \"level\": %d}\n"
              .formatted(i, i, 2 * i, i / 5));
    }
    rows.append("{\"question\": \"Why?\"}\n");
    dataset = Files.writeString(folder.resolve("test.jsonl"), rows);
  }

  private int eval(Path output, String... more) {
    String eval =
        "eval --task math --model_name_or_path %s --dataset_name %s --output_dir %s --max_completion_length 6";
    return CommandRun.of(CommandRun.words(eval, model, dataset, output), more);
  }

  private int evalEvenLength(Path output, String... more) {
    List<String> flags = new ArrayList<>(List.of("--reward_funcs", EvenLength.class.getName()));
    flags.addAll(List.of(more));
    return eval(output, flags.toArray(String[]::new));
  }

  private String message() {
    return err.text();
  }

  private static JsonNode summary(Path output) throws IOException {
    return new ObjectMapper().readTree(output.resolve("_eval_summary.json").toFile());
  }

  /** Of two adapters beside their model, and of one whole model. */
  @Test
  void checkpointsOfARunAreOneTable() throws IOException {
    Path rows =
        Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"one text\"}\n".repeat(8));
    for (String adapter : List.of("--use_peft", "--use_peft=false")) {
      Path run = folder.resolve("run" + adapter);
      boolean isModel = adapter.contains("false");
      int code =
          CommandRun.line(
              """
              sft %s --model_name_or_path %s --dataset_name %s --output_dir %s --max_steps 2
              --save_steps %s --per_device_train_batch_size 2 --disable_tqdm --master local[2]
              """,
              adapter, model, rows, run, isModel ? 2 : 1);
      assertThat(code).as(message()).isZero();
      Path output = folder.resolve("table" + adapter);
      String[] flags = {"--checkpoints", run.toString(), "--by", "level"};
      assertThat(evalEvenLength(output, flags)).as(message()).isZero();
      JsonNode all = summary(output).get("checkpoints");
      assertThat(all.fieldNames())
          .toIterable()
          .containsExactlyElementsOf(
              isModel ? List.of("checkpoint-2") : List.of("checkpoint-1", "checkpoint-2"));
      assertThat(all.get("checkpoint-2")).isEqualTo(summary(output.resolve("checkpoint-2")));
      assertThat(out.text())
          .containsPattern("checkpoint-1  pass@1  0\\.\\d{4} ")
          .containsPattern("checkpoint-2  level 1  pass@1  0\\.\\d{4} ");
      assertThat(all.at("/checkpoint-2/" + (isModel ? "model_name_or_path" : "adapter")).asText())
          .endsWith("checkpoint-2");
    }
    assertThat(eval(folder.resolve("none"), "--checkpoints", folder.toString())).isEqualTo(MISUSED);
    assertThat(message()).contains("checkpoints = " + folder).contains("no folder checkpoint-N");
  }

  @Test
  void passAtKFollowsFromTheTableOfVerdicts() throws IOException {
    Path output = folder.resolve("out");
    String flags = "--num_generations 4 --temperature 1.0 --pass_k 1 2 4 --by level";

    assertThat(evalEvenLength(output, flags.split(" "))).as(message()).isZero();

    List<ScoredGeneration> rows =
        GenerationTable.readScored(new Configuration(), output.toString());
    assertThat(rows).hasSize(44);
    Map<Long, Integer> right = new HashMap<>();
    for (ScoredGeneration row : rows) {
      if (row.generation().prompt().solution().isPresent()) {
        right.merge(
            row.generation().prompt().id(),
            row.judged().verdict() == Verdict.CORRECT ? 1 : 0,
            Integer::sum);
      }
    }
    JsonNode summary = summary(output);
    assertThat(summary.get("problems").asInt()).isEqualTo(10);
    assertThat(summary.get("unverifiable_completions").asInt()).isEqualTo(4);
    double all = right.values().stream().mapToInt(c -> c).sum() / 40.0;
    assertThat(all).isStrictlyBetween(0.0, 1.0);
    assertThat(summary.at("/pass@1/value").asDouble()).isCloseTo(all, within(1e-12));
    double any = right.values().stream().filter(c -> c > 0).count() / 10.0;
    assertThat(summary.at("/pass@4/value").asDouble()).isCloseTo(any, within(1e-12));
    assertThat(summary.at("/pass@2/value").asDouble()).isBetween(all, any);
    assertThat(summary.at("/pass@1/low").asDouble()).isLessThan(all);
    assertThat(summary.at("/pass@1/high").asDouble()).isGreaterThan(all);
    double low =
        right.entrySet().stream().filter(c -> c.getKey() < 5).mapToInt(Map.Entry::getValue).sum()
            / 20.0;
    assertThat(summary.at("/by/level/0/pass@1/value").asDouble()).isCloseTo(low, within(1e-12));
    assertThat(summary.at("/by/level/1/pass@1/problems").asInt()).isEqualTo(5);
    assertThat(summary.at("/by/level/null/pass@1/problems").asInt()).isZero();
    assertThat(summary.at("/maj@4/problems").asInt()).isEqualTo(10);
  }

  @Test
  void greedyAnswersAreTheSameWhoeverGivesThem() throws IOException {
    Path here = folder.resolve("here");
    Path again = folder.resolve("again");
    assertThat(eval(here)).as(message()).isZero();
    assertThat(eval(again, "--master", "local[3]")).as(message()).isZero();

    assertThat(summary(here).at("/pass@1/value").asDouble()).isZero();
    for (String setting : List.of("dataset_test_split", "reward_funcs", "top_p", "min_p")) {
      assertThat(summary(here).path(setting).asText()).as(setting).isNotEmpty();
    }
    assertThat(summary(here).get("verdicts")).isEqualTo(summary(again).get("verdicts"));
    assertThat(texts(again)).isEqualTo(texts(here)).hasSize(11);
  }

  @Test
  void anAdaptersAnswersAreTheSameOnSeveralExecutors() throws IOException {
    Path adapter = Path.of("../model/src/test/resources/golden/adapters/llama-tiny").toRealPath();
    // 64 completions of each of eleven problems are three parts
    String drawing = "--num_generations 64 --temperature 1.0 --pass_k 2";
    String adapted = drawing + " --adapter " + adapter;
    Path base = folder.resolve("base");
    Path here = folder.resolve("here");
    Path executors = folder.resolve("executors");

    assertThat(eval(base, drawing.split(" "))).isZero();
    assertThat(eval(here, adapted.split(" "))).as(message()).isZero();
    // tasks that get everything over the wire, as on a cluster; the command closes the session
    TestSpark.openApart(3);
    String[] divided = (adapted + " --num_workers 3").split(" ");
    assertThat(eval(executors, divided)).as(message()).isZero();

    assertThat(summary(here).get("adapter").asText()).isEqualTo(adapter.toString());
    assertThat(texts(here)).hasSize(11 * 64).isNotEqualTo(texts(base));
    assertThat(texts(executors)).isEqualTo(texts(here));
    assertThat(summary(executors).get("verdicts")).isEqualTo(summary(here).get("verdicts"));
    assertThat(summary(executors).get("pass@2")).isEqualTo(summary(here).get("pass@2"));
    assertThat(LoggedRun.names(executors)).filteredOn(name -> name.endsWith(".parquet")).hasSize(3);
  }

  private static List<String> texts(Path output) {
    return GenerationTable.readScored(new Configuration(), output.toString()).stream()
        .map(row -> row.generation().text())
        .toList();
  }

  static List<Path> recipes() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("../conf/eval"))) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void everyRecipeIsAnEvaluation(Path recipe) {
    List<String> flags =
        CommandRun.words(
            "--config %s --model_name_or_path %s --output_dir %s",
            recipe, model, folder.resolve("out"));
    MathEvalConfig config = MathEvalConfig.of(CommandLine.parse("eval", flags).settings());
    assertThat(config.generation().sampling().numGenerations())
        .isEqualTo(config.passK().get(config.passK().size() - 1));
    assertThat(config.rewards().rewards()).hasSize(1);
  }

  @Test
  void settingsThatDoNotFitAreRefused() {
    Path output = folder.resolve("out");
    assertThat(eval(output, "--pass_k", "8")).isEqualTo(MISUSED);
    assertThat(message()).contains("pass_k").contains("--num_generations 8");
    assertThat(eval(output, "--num_generations", "2")).isEqualTo(MISUSED);
    assertThat(message()).contains("greedy");
    assertThat(eval(output, "--reward_funcs", "think_format_reward")).isEqualTo(MISUSED);
    assertThat(message()).contains("says which answers are right");
    assertThat(folder.resolve("out.prompts")).as("prompts are not even prepared").doesNotExist();
    assertThat(eval(output, "--task", "sft")).isEqualTo(MISUSED);
    assertThat(eval(output, "--by", "topic")).isEqualTo(MISUSED);
    assertThat(message()).contains("by = topic").contains("answer, level, prompt, question");
    assertThat(output).doesNotExist();
  }
}
