package org.sparklora.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Engines;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.reward.job.SqlFunctions;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.grpo.ExternalJudge;
import org.sparklora.spark.run.RunListener;
import org.sparklora.spark.run.SparkSessions;
import org.sparklora.spark.workers.PlacedJob;
import org.sparklora.train.TestModels;

/** The interface for programs: what comes in beside settings, and that it changes nothing else. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SparkLoraTest {
  /** Of {@link #BY_LETTERS}, in SQL: how many letters of a completion are an e. */
  private static final String LETTERS =
      "cast(length(completion) - length(replace(completion, 'e', '')) as double)";

  private static final ExternalJudge BY_LETTERS =
      rows ->
          rows.selectExpr(
              "row",
              "array(" + LETTERS + ") rewards",
              "cast(null as string) reward",
              "cast(null as string) problem");

  private Path folder;
  @AutoClose private SparkSession spark;
  private SparkLora lora;
  private Path model;
  private Dataset<Row> rows;

  @BeforeAll
  void open(@TempDir Path temporary) throws IOException {
    folder = temporary;
    spark = TestSpark.open(2);
    lora = SparkLora.on(spark);
    model = TestModels.copy("qwen2-tiny", folder);
    rows = spark.read().json("src/test/resources/sft/ragged_2epochs/dataset.jsonl");
  }

  private Request.Builder sft(String output) {
    return Request.to("sft")
        .set("model_name_or_path", model)
        .set("output_dir", folder.resolve(output))
        .set("use_peft", true)
        .set("lora_target_modules", List.of("q_proj", "v_proj"))
        .set("max_steps", 2)
        .set("per_device_train_batch_size", 2)
        .set("logging_steps", 1)
        .set("save_strategy", "no");
  }

  private byte[] adapter(String output) throws IOException {
    return Files.readAllBytes(folder.resolve(output).resolve("adapter_model.safetensors"));
  }

  @Test
  void aDataFrameTrainsWhatTheEqualFilesTrain() throws IOException {
    String files = folder.resolve("rows.parquet").toString();
    rows.write().parquet(files);
    Heard heard = new Heard();
    lora.sft(sft("of-files").set("dataset_name", files).build());
    TrainingResult result =
        lora.sft(
            sft("of-rows").table("train", spark.read().parquet(files)).listener(heard).build());

    assertThat(result.steps()).isEqualTo(2);
    assertThat(adapter("of-rows")).isEqualTo(adapter("of-files"));
    assertThat(heard.steps)
        .as("all steps, and how it ended")
        .containsExactly("0 of 2", "1", "2", "2");

    Path datasets = folder.resolve("of-rows.dataset");
    List<Path> before = files(datasets);
    lora.sft(
        sft("of-rows")
            .table("train", spark.read().parquet(files))
            .set("overwrite_output_dir", true)
            .build());
    assertThat(files(datasets)).as("the same rows are the same files").isEqualTo(before);
  }

  private static List<Path> files(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.sorted().toList();
    }
  }

  private static final class Heard implements RunListener {
    private final List<String> steps = new ArrayList<>();
    private String resumed = "{}";

    @Override
    public void resumed(String state) {
      resumed = state;
    }

    @Override
    public void begun(int firstStep, int totalSteps) {
      steps.add("%d of %d".formatted(firstStep, totalSteps));
    }

    @Override
    public void logged(String row) {
      steps.add(row.replaceAll("^.*\"step\":(\\d+).*$", "$1"));
    }
  }

  private Request.Builder grpo(String output, String... rewards) throws IOException {
    Path problems = folder.resolve("problems.jsonl");
    Files.writeString(
        problems,
        """
        {"prompt": "one and two is", "solution": "3"}
        {"prompt": "two and two is", "solution": "4"}
        """);
    return Request.to("grpo")
        .set("model_name_or_path", model)
        .set("dataset_name", problems)
        .set("output_dir", folder.resolve(output))
        .set("prompts_dir", folder.resolve("prompts"))
        .set("reward_funcs", List.of(rewards))
        .set("num_generations", 4)
        .set("per_device_train_batch_size", 8)
        .set("max_completion_length", 8)
        .set("max_steps", 1)
        .set("logging_steps", 1)
        .set("save_strategy", "no");
  }

  @Test
  void aJudgeOutsideGivesRewardsBesideTheBuiltInOnes() throws IOException {
    lora.grpo(
        grpo("judged", "think_format_reward", "letters")
            .set("reward_weights", List.of(0.5, 2))
            .judge(List.of("letters"), BY_LETTERS)
            .build());

    Dataset<Row> judged =
        spark.read().parquet(folder.resolve("judged/rounds/round-0000/advantages").toString());
    assertThat(judged.count()).isEqualTo(8);
    assertThat(judged.where("`rewards/letters` <> " + LETTERS).count()).isZero();
    assertThat(
            judged
                .where("reward <> 2 * `rewards/letters` + 0.5 * `rewards/think_format_reward`")
                .count())
        .isZero();
  }

  @Test
  void generateRefusesATableThatItWouldNotRead() {
    Request request =
        Request.to("generate")
            .set("model_name_or_path", model)
            .set("input", "prompts")
            .set("output", folder.resolve("drawn").toString())
            .table("train", spark.range(1).toDF())
            .build();

    assertThatThrownBy(() -> lora.generate(request))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("input = prompts")
        .hasMessageContaining("the path of prompts, no table");
  }

  @Test
  void whatAJudgeCannotJudgeEndsTheRunWithItsWords() throws IOException {
    ExternalJudge fails =
        completions ->
            completions.selectExpr(
                "row",
                "array(double('NaN')) rewards",
                "'letters' reward",
                "concat('cannot count at completion ', row) problem");
    Request request = grpo("failed", "letters").judge(List.of("letters"), fails).build();

    assertThatThrownBy(() -> lora.grpo(request))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot use reward_funcs = letters: cannot count at completion 0");
  }

  @Test
  void aColumnThatARewardNeedsIsMissedBeforeAnyCompletionIsDrawn() throws IOException {
    List<String> asked = new ArrayList<>();
    ExternalJudge needs =
        new ExternalJudge() {
          @Override
          public Dataset<Row> judge(Dataset<Row> completions) {
            throw new AssertionError("Nothing is to be judged");
          }

          @Override
          public String lacking(List<String> columns) {
            asked.addAll(columns);
            return "letters\nit needs maybe, and the dataset has no column maybe";
          }
        };
    Request request = grpo("lacking", "letters").judge(List.of("letters"), needs).build();

    assertThatThrownBy(() -> lora.grpo(request))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "Cannot use reward_funcs = letters: it needs maybe, and the dataset has no column"
                + " maybe");
    assertThat(asked).contains("prompt", "solution");
    assertThat(folder.resolve("lacking/rounds")).doesNotExist();
  }

  @Test
  void aJudgeThatLeavesCompletionsOutIsRefused() throws IOException {
    Request request =
        grpo("short", "letters")
            .judge(List.of("letters"), rows -> BY_LETTERS.judge(rows).where("row < 5"))
            .build();

    assertThatThrownBy(() -> lora.grpo(request))
        .hasMessageContaining("answered for 5 of 8 completions");
  }

  @Test
  void afterAJudgesProcessHasDiedItIsAskedToJudgeApart() throws IOException {
    ExternalJudge dies =
        new ExternalJudge() {
          @Override
          public Dataset<Row> judge(Dataset<Row> completions) {
            return completions.selectExpr(
                "raise_error('Python worker exited unexpectedly (crashed)') row");
          }

          @Override
          public Dataset<Row> judgeApart(Dataset<Row> completions) {
            return completions.selectExpr(
                "row",
                "array(double('NaN')) rewards",
                "'letters' reward",
                "concat('it ended its process, at completion ', row) problem");
          }
        };
    Request request = grpo("died", "letters").judge(List.of("letters"), dies).build();

    assertThatThrownBy(() -> lora.grpo(request))
        .isInstanceOf(ConfigException.class)
        .hasMessage("Cannot use reward_funcs = letters: it ended its process, at completion 0");
  }

  /** The one that is stopped, and whatever is done by another object meanwhile. */
  @Test
  void aStoppedRunEndsAndNoOtherDoes() throws IOException {
    SparkLora one = SparkLora.on(spark);
    List<Integer> steps = new ArrayList<>();
    RunListener stops =
        new RunListener() {
          @Override
          public void begun(int firstStep, int totalSteps) {
            one.stop();
            try {
              steps.add(lora.sft(sft("meanwhile").table("train", rows).build()).steps());
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }

          @Override
          public void logged(String row) {}
        };
    Request stopped = sft("stopped").table("train", rows).listener(stops).build();
    assertThatThrownBy(() -> one.sft(stopped)).isInstanceOf(CancellationException.class);
    assertThat(steps).containsExactly(2);
    assertThat(lora.sft(sft("after").table("train", rows).build()).steps()).isEqualTo(2);
  }

  @Test
  void eachRunIsComputedByItsOwnEngine() throws IOException {
    Request vector = sft("vector").set("engine", "vector").table("train", rows).build();
    Request reference = sft("reference").set("engine", "reference").table("train", rows).build();
    Request again =
        sft("again")
            .set("engine", "vector")
            .set("full_determinism", true)
            .table("train", rows)
            .build();
    lora.sft(vector);
    lora.sft(reference);
    lora.sft(again);
    Engines.close(); // as if it were alone
    lora.sft(sft("alone").set("engine", "reference").table("train", rows).build());

    assertThat(adapter("reference")).isEqualTo(adapter("alone")).isNotEqualTo(adapter("vector"));
    assertThat(adapter("again")).isEqualTo(adapter("vector"));
  }

  /** Wants something after some steps, and hears of what is done. */
  private static final class Wants implements RunListener {
    private final Map<Integer, String> wishes;
    private final List<String> heard = new ArrayList<>();
    private String now = "";

    Wants(Map<Integer, String> wishes) {
      this.wishes = wishes;
    }

    @Override
    public boolean mayWant() {
      return true;
    }

    @Override
    public void begun(int firstStep, int totalSteps) {}

    @Override
    public void stepped(int step, double epoch) {
      now = wishes.getOrDefault(step, "");
      heard.add("step " + step);
    }

    @Override
    public String wishes() {
      return now;
    }

    @Override
    public void logged(String row) {
      heard.add(row.contains("eval_loss") ? "eval" : row.contains("train_runtime") ? "end" : "row");
      now = now.equals("stop") ? now : "";
    }

    @Override
    public void saved(int step) {
      heard.add("checkpoint-" + step);
      now = "";
    }
  }

  @Test
  void aListenerHasRowsEvaluationsCheckpointsAndTheEndWhenItWantsThem() throws IOException {
    Wants wants = new Wants(Map.of(1, "log", 2, "evaluate", 3, "save", 4, "stop"));
    Request.Builder evaluated =
        sft("wants")
            .table("train", rows)
            .table("test", rows)
            .set("logging_steps", 100)
            .set("eval_strategy", "steps")
            .set("eval_steps", 100)
            .set("metric_for_best_model", "loss");
    TrainingResult result = lora.sft(evaluated.set("max_steps", 9).listener(wants).build());

    assertThat(wants.heard)
        .containsExactly(
            "step 1", "row", "step 2", "eval", "step 3", "checkpoint-3", "step 4", "end");
    assertThat(result.steps()).isEqualTo(4);
    assertThat(result.complete()).isTrue();
    Heard resumed = new Heard();
    evaluated.set("max_steps", 4).set("resume_from_checkpoint", true).listener(resumed);
    lora.sft(evaluated.build());
    assertThat(resumed.steps).containsExactly("3 of 4", "4", "4");
    JsonNode state = new ObjectMapper().readTree(resumed.resumed);
    assertThat(state.at("/log_history/1/eval_loss").isNumber()).isTrue();
    assertThat(state.get("best_metric")).isEqualTo(state.at("/log_history/1/eval_loss"));
    lora.sft(ofRounds(sft("four").table("train", rows).set("max_steps", 4)).build());
    lora.sft(
        ofRounds(sft("stopped-at-four").table("train", rows).set("max_steps", 9))
            .listener(new Wants(Map.of(4, "stop")))
            .build());
    assertThat(adapter("stopped-at-four")).isEqualTo(adapter("four"));
  }

  /** Outer steps after rounds of two steps, which no listener changes. */
  private static Request.Builder ofRounds(Request.Builder sft) {
    return sft.set("lr_scheduler_type", "constant")
        .set("outer_optimizer", "nesterov")
        .set("averaging_frequency", 2);
  }

  @Test
  void grpoStopsWhenAListenerWantsIt() throws IOException {
    Wants wants = new Wants(Map.of(2, "stop"));
    TrainingResult result =
        lora.grpo(
            grpo("enough", "think_format_reward").set("max_steps", 9).listener(wants).build());

    assertThat(wants.heard).containsExactly("step 1", "row", "step 2", "row", "end");
    assertThat(result.steps()).isEqualTo(2);
    assertThat(folder.resolve("enough/model.safetensors")).exists();
  }

  /** Neither a user's files nor earlier copies are results. */
  @Test
  void resultsMayBeCopiedIntoTheirOwnFolderAgain() throws IOException {
    Path run = Files.createDirectories(folder.resolve("copied"));
    for (String name : List.of("adapter_config.json", "notes.txt", "sft_config.yaml")) {
      Files.writeString(run.resolve(name), name);
    }
    Path copy = run.resolve("final");
    for (int copies = 0; copies < 3; copies++) {
      lora.copyResults(run.toString(), copy.toString(), true);
    }
    assertThat(files(copy))
        .containsExactly(
            copy, copy.resolve("adapter_config.json"), copy.resolve("sft_config.yaml"));
    assertThat(run.resolve("notes.txt")).exists();
  }

  @Test
  void whatIsNotPreparedIsNotEvaluated() throws IOException {
    Request sft = sft("measured").set("dataset_name", "nowhere").build();
    Request grpo = grpo("measured", "think_format_reward").build();
    assertThatThrownBy(() -> lora.evaluateSft(sft)).hasMessageContaining("eval_strategy = no");
    assertThatThrownBy(() -> lora.evaluateGrpo(grpo)).hasMessageContaining("eval_strategy = no");
  }

  /** It would be deleted with the folder that the results replace. */
  @Test
  void noResultReplacesWhatItIsMadeOf() throws IOException {
    Path out = Files.createDirectories(folder.resolve("replaced"));
    Path kept = TestModels.copy("llama-tiny", out);
    Path problems = Files.createDirectories(out.resolve("problems"));
    Path data = Files.writeString(problems.resolve("rows.jsonl"), "{\"prompt\": \"a\"}\n");
    Map<String, Object> flags = Map.of("model_name_or_path", kept, "overwrite_output_dir", true);
    Request.Builder eval = Request.to("eval").settings(flags).set("dataset_name", data);
    Request ofModel = eval.set("output_dir", kept).build();
    Request ofData = eval.set("output_dir", problems).build();
    GenerateConfig generation =
        GenerateConfig.of(
            Request.to("generate").settings(flags).set("input", data).build().settings());
    Request trained =
        sft("replaced").set("dataset_name", data).set("overwrite_output_dir", true).build();

    assertThatThrownBy(() -> lora.evaluate(ofModel)).hasMessageContaining(isRead("file:" + kept));
    assertThatThrownBy(() -> lora.evaluate(ofData)).hasMessageContaining(isRead(data));
    assertThatThrownBy(
            () -> lora.generate(generation, List.of(), kept.toString(), true, Optional.empty()))
        .hasMessageContaining(isRead("file:" + kept));
    assertThatThrownBy(() -> lora.sft(trained)).hasMessageContaining(isRead(data));
    assertThatThrownBy(() -> lora.copyResults(out.toString(), folder + "/./replaced/", true))
        .hasMessageContaining(isRead(out));
    assertThat(kept.resolve("config.json")).exists();
    assertThat(data).exists();
  }

  private static String isRead(Object place) {
    return "it is or holds %s, which is read".formatted(place);
  }

  @Test
  void theThreadsOwnNamesOfJobsComeBack() {
    SparkContext context = spark.sparkContext();
    String site = context.getLocalProperty("callSite.short");
    context.setJobGroup("mine", "what I do", false);
    try {
      new Stoppable(spark)
          .run(
              () -> {
                SparkSessions.place(spark).group("sft out");
                PlacedJob.name(new JavaSparkContext(context), "step 1");
                return "";
              });
      assertThat(context.getLocalProperty("spark.jobGroup.id")).isEqualTo("mine");
      assertThat(context.getLocalProperty("spark.job.description")).isEqualTo("what I do");
      assertThat(context.getLocalProperty("callSite.short")).isEqualTo(site);
    } finally {
      context.clearJobGroup();
    }
  }

  /** Object stores rename a folder file by file, so that a kill may leave some of them behind. */
  @Test
  void aDatasetThatLacksAFileIsWrittenAgain() throws IOException {
    Map<String, Dataset<Row>> rows =
        Map.of("train", spark.range(0, 4, 1, 2).selectExpr("string(id) text"));
    String datasets = folder.resolve("datasets").toString();
    String dataset = DatasetTable.write(spark, datasets, rows);
    List<Path> whole = files(Path.of(dataset));
    Files.delete(whole.get(whole.size() - 1));

    assertThat(DatasetTable.write(spark, datasets, rows)).isEqualTo(dataset);
    assertThat(files(Path.of(dataset))).isEqualTo(whole);
  }

  @Test
  void aTableWithoutRowsIsRefusedAsTheSplitThatItIs() throws IOException {
    Dataset<Row> rows = spark.sql("select 'a' text");
    Request request =
        sft("empty")
            .table("train", rows)
            .table("test", rows.where("text = 'b'"))
            .set("eval_strategy", "epoch")
            .build();

    assertThatThrownBy(() -> lora.sft(request))
        .hasMessage(
            "Cannot use dataset_test_split = the table of split test: it has no rows; give one that"
                + " has some");
  }

  @Test
  void aValueThatLooksLikeAFlagIsAValue() {
    Settings settings = Request.to("sft").set("run_name", "--packing").build().settings();
    assertThat(settings.text(Flags.RUN_NAME)).isEqualTo("--packing");
    assertThat(settings.isGiven(Flags.PACKING)).isFalse();
  }

  @Test
  void anUnknownFlagIsRefusedWithTheNearest() {
    assertThatThrownBy(() -> Request.to("sft").set("lora_rank", 3).build())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("lora_r");
  }

  @Test
  void aDatasetComesOnce() throws IOException {
    Request request =
        sft("twice").set("dataset_name", "rows").table("train", spark.range(1).toDF()).build();

    assertThatThrownBy(() -> lora.sft(request))
        .hasMessageContaining("dataset_name = rows: the dataset came as a table");
  }

  /** Rewards 1 and 0: mean 1/2, unbiased deviation √½, and 1e-4 added to it. */
  @Test
  void advantagesInSqlAreThoseOfTheGroup() {
    SqlFunctions.register(spark, "math_verify");
    List<Row> rows =
        spark
            .sql(
                "select group_advantage(r, collect_list(r) over (partition by p)) a from values (1,"
                    + " 1D), (1, 0D), (1, null), (2, 7D) as t(p, r) order by p, r")
            .collectAsList();

    double advantage = 0.5 / (Math.sqrt(0.5) + 1e-4);
    assertThat(rows.get(0).getDouble(0)).as("of null").isZero();
    assertThat(rows.get(1).getDouble(0)).isCloseTo(-advantage, within(1e-12));
    assertThat(rows.get(2).getDouble(0)).isCloseTo(advantage, within(1e-12));
    assertThat(rows.get(3).getDouble(0)).as("alone").isZero();
    assertThatThrownBy(() -> spark.sql("select group_advantage(1) over (partition by 2)"))
        .hasMessageContaining("spark.sql.extensions=org.sparklora.api.SqlExtensions");
  }
}
